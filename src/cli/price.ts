/** Function Compute's list price of a CU, which is a second of one vCPU; amounts are a month's, in one region. */
export const cuPrices = {
  firstTierCny: 0.00011,
  firstTierCu: 200_000_000,
  source: 'CNY 0.00011 a CU: pay-as-you-go page, China site, 2025-12-13',
};

/** By the same page, a second of one GB of memory is 0.15 CU, and ten thousand invocations are 75 CU. */
const [cuPerGbSecond, cuPerInvocation] = [0.15, 75 / 10_000];

const [vCpus, memoryGb] = [0.1, 0.125];

/** The function of `s.yaml`, which has two calls to OSS under way; a call is assumed to take 300 ms. */
const usual = { callsAtOnce: 2, secondsPerCall: 0.3 };

/** The CU of one invocation that makes so many calls to OSS: for itself, and for the time it takes. */
export function functionCu(calls: number, { callsAtOnce, secondsPerCall } = usual) {
  const seconds = Math.ceil(calls / callsAtOnce) * secondsPerCall;
  return { invocation: cuPerInvocation, time: seconds * (vCpus + memoryGb * cuPerGbSecond) };
}

/** The price of one invocation that makes so many calls to OSS, in CNY and without OSS's own. */
export function functionPriceCny(calls: number, speed = usual): number {
  const { invocation, time } = functionCu(calls, speed);
  return (invocation + time) * cuPrices.firstTierCny;
}

export const priceNote = `The function's price is Function Compute's list price of 2025-12-13 (CNY 0.00011 a CU) at 0.1 vCPU and 128 MB, 300 ms a call.
OSS bills image processing by the size of the source beside it: 10 TB a month are free. No list price beyond that is known
here: https://www.alibabacloud.com/product/oss/pricing.
`;
