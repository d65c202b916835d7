import { parseSize } from '../compile/size.ts';
import { CliError, defineCommand } from './command.ts';
import { parseCount } from './input.ts';
import {
  functionCu,
  imagePrice,
  type PriceList,
  pricedRegion,
  priceListOf,
  requestPrice,
  type UnitPrice,
} from './price.ts';
import { deployedRegion, findTemplate } from './project.ts';
import { formatTable, type Row } from './terminal.ts';

export const cost = defineCommand({
  options: {
    uploads: { value: 'number', default: '1000000', summary: 'uploads in a month' },
    size: { value: 'size', default: '2MB', summary: 'size of an upload, such as 500KB' },
    outputs: { value: 'number', default: '2', summary: 'outputs of an upload' },
    region: { value: 'id', summary: 'region (default OSS_REGION, or that of s.yaml, else cn-hangzhou)' },
  },
  run: async (values, io) => {
    const [uploads, outputs] = [parseCount('uploads', values.uploads), parseCount('outputs', values.outputs)];
    const sizeBytes = parseSize(values.size);
    if (sizeBytes === undefined) {
      throw new CliError(`--size: expected a size such as 500KB or 2MB, received "${values.size}".`);
    }
    const gigabytes = (sizeBytes * uploads * outputs) / 1024 ** 3;
    const template = await findTemplate(undefined, '.', io.env);
    const region = pricedRegion(values.region, io, deployedRegion(template));
    io.out(formatCost({ uploads, outputs, gigabytes, region }));
    return 0;
  },
});

interface Month {
  uploads: number;
  outputs: number;
  /** The size of the sources, counted once for each output made from them. */
  gigabytes: number;
  region: string;
}

function formatCost(month: Month): string {
  const list = priceListOf(month.region);
  const urls = [list.cu, ...Object.values(list.oss ?? {})].map(({ url }) => `  ${url}`);
  const lines = [
    `${month.outputs} outputs of each upload, 0.1 vCPU and 128 MB, in ${month.region}.`,
    ...functionNotes(month, list),
    'OSS prices of today: https://www.alibabacloud.com/product/oss/pricing. The pages named above:',
    ...urls,
  ];
  return `${formatTable(rowsOf(month, list))}\n${lines.join('\n')}\n`;
}

function rowsOf({ uploads, outputs, gigabytes }: Month, list: PriceList): Row[] {
  const { currency, cu, oss } = list;
  const { invocation, time } = functionCu(outputs);
  const requests = uploads * outputs;
  const cite = (unit: UnitPrice | undefined, text: string) =>
    unit ? `${currency} ${unit.price} ${text}: ${unit.page}, ${unit.date}` : "see OSS's price page";
  return [
    ['for a month', currency, 'source of the price'],
    [`${count(uploads)} invocations`, money(invocation * uploads * cu.price), cite(cu, 'a CU')],
    ['their time, 300 ms for each call', money(time * uploads * cu.price), 'the same'],
    [
      `processing of ${count(gigabytes)} GB of sources`,
      money(imagePrice(list, gigabytes)),
      `10 TB are free, beyond: ${cite(oss?.imageGigabyte, 'a GB')}`,
    ],
    [
      `${count(requests)} requests to OSS`,
      money(requestPrice(list, requests)),
      cite(oss?.tenThousandRequests, 'for 10,000, Standard'),
    ],
    [
      'each 100 GB of outputs, stored',
      money(oss && 100 * oss.storedGigabyte.price),
      cite(oss?.storedGigabyte, 'a GB, Standard LRS'),
    ],
    ['between function and OSS', '0.00', 'the internal endpoint is free: OSS help'],
    ['log store', 'unknown', "see Simple Log Service's price page"],
  ];
}

function functionNotes({ uploads, outputs }: Month, { currency, cu }: PriceList): string[] {
  const { invocation, time } = functionCu(outputs);
  const notes: string[] = [];
  if ((invocation + time) * uploads > cu.firstTierCu) {
    notes.push(`Beyond ${count(cu.firstTierCu)} CU a month the list has lower prices, which are left out.`);
  }
  if (cu.leastPerHour !== undefined) {
    const least = `${currency} ${cu.leastPerHour} at the least for an hour with calls`;
    const month = money(720 * cu.leastPerHour);
    notes.push(`Function Compute bills ${least}: ${month} where every hour of 30 days has some.`);
  }
  return notes;
}

const money = (amount: number | undefined) => amount?.toFixed(2) ?? 'unknown';

const count = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });
