export interface ImageRequest {
  /** Reads the source object, when the image's turn has come, so that waiting images hold no memory. */
  readonly readSource: () => Promise<Buffer>;
  /** The process without its `sys/…` part: always begins with `image/`. */
  readonly style: string;
  /** Another object of the source's bucket, for image watermarks; undefined when there is none of that key. */
  readonly readObject: (key: string) => Promise<Buffer | undefined>;
  /** Asked by AsyncProcessObject: `image/deblindwatermark` is for that only. */
  readonly asynchronous?: boolean;
}

export interface ImageResult {
  readonly body: Buffer;
  readonly contentType: string;
}

/** Runs the actions of a style on an image; whatever OSS would answer with an error is thrown as an `OssError`. */
export type ProcessImage = (request: ImageRequest) => Promise<ImageResult>;
