import type { Envelope } from './event-record.ts';

/** SMQ topic with notifyContentFormat JSON: the OSS document is in `Message` (fc3, event-template/mns-json). */
export const smqTopicMessage: Envelope = {
  name: 'SMQ topic message {"TopicOwner": …, "Message": …}',
  detect: (value) => value.Message !== undefined && value.TopicOwner !== undefined,
  unwrap: (value, path, open) => open(value.Message, `${path}Message`),
};

/** SMQ topic with notifyContentFormat STREAM and attributes; without attributes the event is the bare body. */
export const smqTopicStream: Envelope = {
  name: 'SMQ topic stream {"body": …, "attrs": …} or the bare body, Base64 or not',
  detect: (value) => value.body !== undefined && value.attrs !== undefined,
  unwrap: (value, path, open) => open(value.body, `${path}body`),
};
