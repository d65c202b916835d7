export interface ImageRequest {
  readonly input: Buffer;
  /** The process without its `sys/…` part: always begins with `image/`. */
  readonly style: string;
}

export interface ImageResult {
  readonly body: Buffer;
  readonly contentType: string;
}

/** Runs the actions of a style on an image; whatever OSS would answer with an error is thrown as an `OssError`. */
export type ProcessImage = (request: ImageRequest) => Promise<ImageResult>;
