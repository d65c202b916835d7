/** A style, and functions that read the objects it needs. */
export interface ImageRequest {
  /** Reads the source object, once it is the image's turn, so that waiting images need no memory. */
  readonly readSource: () => Promise<Buffer>;
  /** The process without its `sys/…` part; it always begins with `image/`. */
  readonly style: string;
  /** Reads another object of the bucket, for image watermarks; undefined if there is no such key. */
  readonly readObject: (key: string) => Promise<Buffer | undefined>;
  /** Whether this is for AsyncProcessObject, which `image/deblindwatermark` requires. */
  readonly asynchronous?: boolean;
}

/** The processed image, or the answer to a question such as `image/info`. */
export interface ImageResult {
  readonly body: Buffer;
  readonly contentType: string;
}

/** Runs a style's actions on an image; throws an `OssError` where OSS would answer with an error. */
export type ImageProcessor = (request: ImageRequest) => Promise<ImageResult>;
