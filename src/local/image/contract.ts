/** A style, and ways to read the objects that it works on once they are needed. */
export interface ImageRequest {
  /** Reads the source object, whenever the image's turn has come, so that waiting images hold no memory. */
  readonly readSource: () => Promise<Buffer>;
  /** The process without its `sys/…` part: always begins with `image/`. */
  readonly style: string;
  /** Reads another object of the bucket, for image watermarks; undefined when there is none of that key. */
  readonly readObject: (key: string) => Promise<Buffer | undefined>;
  /** Whether AsyncProcessObject asks: `image/deblindwatermark` is for that only. */
  readonly asynchronous?: boolean;
}

/** The processed image, or the answer to a question such as `image/info`. */
export interface ImageResult {
  readonly body: Buffer;
  readonly contentType: string;
}

/** Runs a style's actions on an image; throws an `OssError` where OSS would answer with an error. */
export type ImageProcessor = (request: ImageRequest) => Promise<ImageResult>;
