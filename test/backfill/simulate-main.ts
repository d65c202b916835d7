import { type Scenario, simulate } from './simulate.ts';

/** npm run simulate:backfill [objects]: what is simulated, and what that is for a hundred million. */
const objects = Number(process.argv[2] ?? 1_000_000);
const factor = 100_000_000 / objects;

const common = { objects, secondsPerCall: 1 };
const scenarios: Record<string, Scenario> = {
  'large region, 50 calls/s': {
    ...common,
    instances: 10,
    callsAtOnce: 4,
    quotaPerSecond: 50,
    uploadsPerSecond: 4,
  },
  'elsewhere, 5 calls/s': {
    ...common,
    instances: 2,
    callsAtOnce: 2,
    quotaPerSecond: 5,
    uploadsPerSecond: 0.5,
  },
  'raised to 500 calls/s': {
    ...common,
    instances: 100,
    callsAtOnce: 4,
    quotaPerSecond: 500,
    uploadsPerSecond: 40,
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  const one = await simulate(scenario);
  const percentOverQuota = (100 * one.shareOverQuota).toFixed(2);
  const tasks = Math.round(one.tasks * factor).toLocaleString('en');
  const requests = Math.round(one.apiRequests * factor).toLocaleString('en');
  const functionCny = (one.functionCny * factor).toFixed(0);
  const hours = ((one.processorSeconds * factor) / 3_600).toFixed(1);
  console.log(
    [
      `${name}, ${objects.toLocaleString('en')} objects simulated, times ${factor}:`,
      `${(one.days * factor).toFixed(1)} days at ${one.callsPerSecond.toFixed(1)} calls/s`,
      `${percentOverQuota} % of all calls over the quota`,
      `${tasks} tasks of at most ${one.largestPayloadBytes} bytes, at most ${one.mostTasksAhead} ahead`,
      `${requests} requests to Function Compute, CNY ${functionCny} for the function`,
      `${hours} h of this machine's processor, ${one.residentMb.toFixed(0)} MB resident\n`,
    ].join('\n  '),
  );
}
