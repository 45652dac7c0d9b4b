/**
 * The tag of an image's name: `latest` when it has neither tag nor digest, '' when only a digest is given. What is no
 * image name at all has no tag.
 */
export function imageTag(image: string): string {
  const [name = '', digest] = image.split('@');
  const colon = name.lastIndexOf(':');
  // A colon before the last slash belongs to the registry's port.
  const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : '';
  if (tag !== '') return tag;
  return digest === undefined && name !== '' ? 'latest' : '';
}

/** How an image is pulled when nobody says: newest tags always, all others once. */
export function defaultPullPolicy(image: string | undefined): string {
  return imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}
