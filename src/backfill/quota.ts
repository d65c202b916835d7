/** How much image processing OSS allows an account in a region; beyond it OSS answers 503. */
export interface Quota {
  callsPerSecond: number;
  /** Bytes of source objects, counted for each call that reads them. */
  bytesPerSecond: number;
}

const largeRegions = ['cn-hangzhou', 'cn-shanghai', 'cn-beijing', 'cn-zhangjiakou', 'cn-shenzhen'];

/** The default quota (OSS help: "Image processing", throughput); support can raise it. */
export function quotaOf(region: string): Quota {
  return largeRegions.includes(region)
    ? { callsPerSecond: 50, bytesPerSecond: 20_000_000 }
    : { callsPerSecond: 5, bytesPerSecond: 2_000_000 };
}
