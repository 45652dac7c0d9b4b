/** Where a recipe puts the image's files. Everything gets the time 0 and the owner root, so equal inputs make equal layers. */
export interface Staging {
  /** The folder that becomes the image's root. */
  readonly root: string;
  /** Writes a file, 0644 unless told otherwise; folders above it are made. */
  file(path: string, content: string | Uint8Array, mode?: number): void;
  folder(path: string, mode?: number): void;
  link(path: string, target: string): void;
  /** Copies a file of this machine. */
  copy(from: string, path: string, mode?: number): void;
}

/** The part of an OCI image configuration that says how a container is started. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly StopSignal?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** How one image is put together. */
export interface Recipe {
  /** What the tool calls it: `nginx`. */
  readonly name: string;
  /** What clusters call it: `docker.io/library/nginx:1.21`. */
  readonly image: string;
  /** Debian packages whose files are in it. */
  readonly packages: readonly string[];
  /** Files of this machine that are in it; when one of them changes, the image is made anew. */
  readonly inputs: () => readonly string[];
  /** Puts the recipe's own files beside those of the packages, and takes away what is not needed. */
  readonly arrange: (staging: Staging) => void;
  readonly config: (versions: ReadonlyMap<string, string>) => ImageConfig;
}

/** The image could not be made; the message says what is missing. */
export class ImageBuildError extends Error {
  override readonly name = 'ImageBuildError';
}
