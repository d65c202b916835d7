import { CliError, type Command, optionalText, requiredText } from './command.ts';
import { cuPrices, functionCu } from './price.ts';
import { formatTable, type Row } from './terminal.ts';

export const cost: Command = {
  summary: 'Tells what a month of uploads costs by the list prices that are known, each with its source.',
  options: {
    uploads: { value: 'number', default: '1000000', summary: 'uploads in a month' },
    size: { value: 'size', default: '2MB', summary: 'of an upload, such as 500KB' },
    outputs: { value: 'number', default: '2', summary: 'outputs of an upload' },
    region: { value: 'id', summary: 'region (default OSS_REGION, else cn-hangzhou)' },
  },
  run: async (values, io) => {
    const [uploads, outputs] = [countOf(values.uploads, 'uploads'), countOf(values.outputs, 'outputs')];
    const gigabytes = gigabytesOf(requiredText(values, 'size')) * uploads * outputs;
    const region = optionalText(values, 'region') ?? (io.env.OSS_REGION || 'cn-hangzhou');
    io.out(formatCost({ uploads, outputs, gigabytes, region }));
    return 0;
  },
};

interface Month {
  uploads: number;
  outputs: number;
  /** Bytes of sources, counted for each output that is made of them. */
  gigabytes: number;
  region: string;
}

/** OSS processes so much a month and account for nothing (OSS help, "Data processing fees"). */
const freeGigabytes = 10_000;

const unknown = 'unknown';

function formatCost({ uploads, outputs, gigabytes, region }: Month): string {
  const cu = functionCu(outputs);
  const priceOf = (units: number) =>
    region.startsWith('cn-') ? (units * uploads * cuPrices.firstTierCny).toFixed(2) : unknown;
  const processing = gigabytes <= freeGigabytes ? '0.00' : unknown;
  const rows: Row[] = [
    ['for a month', 'CNY', 'source of the price'],
    [`${count(uploads)} invocations`, priceOf(cu.invocation), cuPrices.source],
    [`their time, 0.1 vCPU, 128 MB, 300 ms a call`, priceOf(cu.time), cuPrices.source],
    [
      `image processing of ${count(gigabytes)} GB`,
      processing,
      '10 TB are free: OSS help, "Data processing fees"',
    ],
    [`${count(uploads * outputs)} requests to OSS`, unknown, 'no list price is known here'],
    ['between function and OSS, internal endpoint', '0.00', 'traffic inside a region is free: OSS help'],
    ['storage of the outputs, log store', unknown, 'no list price is known here'],
  ];
  const isBeyond = (cu.invocation + cu.time) * uploads > cuPrices.firstTierCu;
  const notes = [
    `${outputs} outputs of each upload, in ${region}.`,
    ...(isBeyond ? ['Beyond 200 million CU a month the list has lower prices, which are left out.'] : []),
    ...(region.startsWith('cn-') ? [] : ["The list price known here is the China site's, in CNY."]),
    'OSS prices of today: https://www.alibabacloud.com/product/oss/pricing',
  ];
  return `${formatTable(rows)}\n${notes.join('\n')}\n`;
}

const count = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });

function countOf(value: unknown, name: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new CliError(`--${name}: expected a whole number above 0, received "${value}".`);
  }
  return number;
}

const unitsPerGigabyte: Record<string, number> = { KB: 1e6, MB: 1e3, GB: 1 };

/** Decimal gigabytes, as bills count them, of a size such as 2MB. */
function gigabytesOf(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?(KB|MB|GB)$/i.exec(text) ?? [];
  if (number === undefined) {
    throw new CliError(`--size: expected a size such as 500KB or 2MB, received "${text}".`);
  }
  return Number(number) / (unitsPerGigabyte[unit.toUpperCase()] ?? 1);
}
