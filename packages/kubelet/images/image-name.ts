const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const name = `(?:${domain}/)?${component}(?:/${component})*`;
const whole = new RegExp(
  `^(${name})(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

/** A name that is no image reference; the message is containerd's and Docker's own. */
export class ImageNameError extends Error {
  override readonly name = 'ImageNameError';
}

/** `image` with the tag that is meant when it has neither tag nor digest. @throws ImageNameError */
export function withDefaultTag(image: string): string {
  const match = whole.exec(image);
  if (match === null) {
    const lowered = whole.exec(image.toLowerCase());
    throw new ImageNameError(
      lowered
        ? 'invalid reference format: repository name (' + lowered[1] + ') must be lowercase'
        : 'invalid reference format',
    );
  }
  return match[2] === undefined && match[3] === undefined ? `${image}:latest` : image;
}

/** The registry that an image comes from, as Docker names it: `docker.io` when the name says none. */
export function registryOf(image: string): string {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  return first.includes('.') || first.includes(':') || first === 'localhost' ? first : 'docker.io';
}
