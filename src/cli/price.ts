import type { Io } from './command.ts';
import { parseRegion } from './input.ts';

/** A list price with the title, date and address of the page that states it. */
export interface UnitPrice {
  price: number;
  page: string;
  date: string;
  url: string;
}

export interface PriceList {
  currency: 'CNY' | 'USD';
  /** A second of one vCPU, up to `firstTierCu`; some lists have a minimum per hour with calls. */
  cu: UnitPrice & { firstTierCu: number; leastPerHour?: number | undefined };
  /** OSS's own prices, if a page of Alibaba's states them. */
  oss?: { imageGigabyte: UnitPrice; tenThousandRequests: UnitPrice; storedGigabyte: UnitPrice } | undefined;
}

const help = 'https://help.aliyun.com/zh';

/** Mainland China's list. Storage costs the same in all its regions; requests have the price of Hangzhou. */
export const mainland = {
  currency: 'CNY',
  cu: {
    price: 0.00011,
    firstTierCu: 200_000_000,
    leastPerHour: 0.01,
    page: 'Function Compute help, "Pay-as-you-go"',
    date: '2025-12-13',
    url: `${help}/functioncompute/fc/product-overview/pay-as-you-go-billing-methods`,
  },
  oss: {
    imageGigabyte: {
      price: 0.025,
      page: 'OSS help, "Resize images"',
      date: '2026-02-05',
      url: `${help}/oss/user-guide/resize-images-4`,
    },
    tenThousandRequests: {
      // The page states the price of a PUT; by OSS's "Billing examples" all requests cost the same.
      price: 0.01,
      page: 'OSS help, "Deep Cold Archive"',
      date: '2024-04-08',
      url: `${help}/oss/user-guide/deep-cold-archive-storage-usage-best-practices`,
    },
    storedGigabyte: {
      price: 0.12,
      page: 'OSS help, "Billing overview"',
      date: '2026-02-05',
      url: `${help}/oss/billing-overview`,
    },
  },
} as const satisfies PriceList;

/** The international site's list. Its pages state no OSS prices for regions outside mainland China. */
const international: PriceList = {
  currency: 'USD',
  cu: {
    price: 0.00002,
    firstTierCu: 100_000_000,
    page: 'Function Compute help, "Pay-as-you-go"',
    date: '2024-11-19',
    url: 'https://www.alibabacloud.com/help/en/functioncompute/product-overview/pay-as-you-go-billing-method',
  },
};

/** The region whose prices are shown: the named one, OSS_REGION, the deployed one, or cn-hangzhou. */
export function pricedRegion(named: string | undefined, { env }: Io, deployed: string | undefined): string {
  return parseRegion(named ?? env.OSS_REGION ?? deployed ?? 'cn-hangzhou');
}

export function priceListOf(region: string): PriceList {
  return region.startsWith('cn-') && region !== 'cn-hongkong' ? mainland : international;
}

/** Free image processing per account and month: 10 TB (OSS help, "Data processing fees"). */
const freeGigabytes = 10 * 1024;

/** OSS counts in binary gigabytes: 10,000 objects of 64 KB are 0.61 GB (OSS help, "Billing examples"). */
export const bytesPerGigabyte = 1024 ** 3;

/** Function Compute's page: a second of one GB of memory is 0.15 CU, and 10,000 invocations are 75 CU. */
const cuPerGbSecond = 0.15;
const cuPerInvocation = 75 / 10_000;
const vCpus = 0.1;
const memoryGb = 0.125;

/** The function of `s.yaml`, which makes two calls to OSS at once; a call is assumed to take 300 ms. */
const usual = { callsAtOnce: 2, secondsPerCall: 0.3 };

/** The CU of one invocation with `calls` calls to OSS: for the invocation itself, and for its time. */
export function functionCu(calls: number, { callsAtOnce, secondsPerCall } = usual) {
  const seconds = Math.ceil(calls / callsAtOnce) * secondsPerCall;
  return { invocation: cuPerInvocation, time: seconds * (vCpus + memoryGb * cuPerGbSecond) };
}

/** The price of one invocation with `calls` calls to OSS, without OSS's own prices. */
export function functionPrice({ cu }: PriceList, calls: number, speed = usual): number {
  const { invocation, time } = functionCu(calls, speed);
  return (invocation + time) * cu.price;
}

/** OSS's price of processing so many GB of sources in a month; `undefined` if it is not known. */
export function imagePrice({ oss }: PriceList, gigabytes: number): number | undefined {
  const billed = Math.max(0, gigabytes - freeGigabytes);
  return billed === 0 ? 0 : oss && billed * oss.imageGigabyte.price;
}

/** OSS's price of so many requests; `undefined` if it is not known. */
export function requestPrice({ oss }: PriceList, requests: number): number | undefined {
  return oss && (requests / 10_000) * oss.tenThousandRequests.price;
}

/** Explains which prices an explanation uses. */
export function priceNote(region: string): string {
  const { currency, cu, oss } = priceListOf(region);
  const priceOf = (unit: UnitPrice | undefined) => (unit ? `${currency} ${unit.price}` : 'unknown');
  const requests = priceOf(oss?.tenThousandRequests);
  return `Prices are those of ${region}. The function's is Function Compute's
list price of ${cu.date} (${priceOf(cu)} a CU) at 0.1 vCPU and 128 MB, 300 ms a call.
OSS bills image processing by the size of the source beside it: 10 TB a month are free,
then the price of a GB is ${priceOf(oss?.imageGigabyte)}. The price of 10,000 requests to OSS is ${requests}.
"oss-saveas cost --region ${region}" names the sources.
`;
}
