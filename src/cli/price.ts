/*
 * Function Compute's list price for the first 200 million CU a month and region (pay-as-you-go page, 2025-12-13): a CU
 * is a second of one vCPU; a second of one GB of memory is 0.15 CU, ten thousand invocations are 75 CU.
 */
const cnyPerCu = 0.00011;
const cuPerInvocation = 75 / 10_000;

const [vCpus, memoryGb] = [0.1, 0.125];

/** The function of `s.yaml`, which has two calls to OSS under way; a call is assumed to take 300 ms. */
const usual = { callsAtOnce: 2, secondsPerCall: 0.3 };

/** The price of one invocation that makes so many calls to OSS, in CNY and without OSS's own. */
export function functionPriceCny(calls: number, { callsAtOnce, secondsPerCall } = usual): number {
  const seconds = Math.ceil(calls / callsAtOnce) * secondsPerCall;
  return (seconds * (vCpus + memoryGb * 0.15) + cuPerInvocation) * cnyPerCu;
}

export const priceNote = `The function's price is Function Compute's list price of 2025-12-13 (CNY 0.00011 a CU) at 0.1 vCPU and 128 MB, 300 ms a call.
OSS bills image processing by the size of the source beside it: 10 TB a month are free. No list price beyond that is known
here: https://www.alibabacloud.com/product/oss/pricing.
`;
