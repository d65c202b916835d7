import { pick } from '../json.ts';
import { describe, type Envelope } from './event-record.ts';
import { readOssRecord } from './oss-notification.ts';

/**
 * EventBridge: one CloudEvent whose `data` is a native record. The `type` has an `oss:` prefix that
 * `data.eventName` lacks; types that are about no object (`oss:CloudMonitor:…`) are let through by name
 * (EventBridge help, "OSS events").
 */
export const ossCloudEvent: Envelope = {
  name: 'EventBridge CloudEvent {"source": "acs.oss", "type": "oss:ObjectCreated:…", "data": …}, or an array of them',
  detect: (value) => value.source === 'acs.oss' && typeof value.type === 'string',
  unwrap: (value, path) => {
    const type = String(value.type).replace(/^oss:/, '');
    if (!/^Object\w+:/.test(type)) {
      return [{ kind: 'other', eventName: type }];
    }
    return [readOssRecord(value.data, `${path}data`)];
  },
};

/**
 * SMQ (formerly MNS) queue messages, which reach Function Compute through EventBridge: the OSS document is in
 * `data.messageBody`, Base64 or not, as the subscription decides (fc-runtime-go-sdk, README_MNS_Queue).
 */
export const smqQueueMessage: Envelope = {
  name: 'SMQ queue message {"type": "mns:Queue:SendMessage", "data": {"messageBody": …}}, or an array of them',
  detect: (value) => value.type === 'mns:Queue:SendMessage',
  unwrap: (value, path, open) => {
    const body = pick(value, 'data', 'messageBody');
    if (body !== undefined) {
      return open(body, `${path}data.messageBody`);
    }
    return [
      {
        kind: 'malformed',
        problem: `${path}data.messageBody: expected a message, received ${describe(body)}`,
      },
    ];
  },
};
