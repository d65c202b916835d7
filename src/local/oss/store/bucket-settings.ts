import { z } from 'zod';

const styleSchema = z.object({
  content: z.string(),
  category: z.string(),
  createdMs: z.number(),
  modifiedMs: z.number(),
});

/** The settings of a bucket. If they were lost, they are those of a new bucket. */
export const bucketSettingsSchema = z
  .object({
    createdMs: z.number(),
    acl: z.string(),
    storageClass: z.string(),
    redundancy: z.string(),
    /** Whether public access is ignored and cannot be added; undefined if nobody has said. */
    blocksPublic: z.boolean().optional(),
    styles: z.record(z.string(), styleSchema),
  })
  .default(() => newBucketSettings(Date.now()));

export type BucketStyle = z.infer<typeof styleSchema>;
export type BucketSettings = z.infer<typeof bucketSettingsSchema>;

export function newBucketSettings(createdMs: number, storageClass = 'Standard', redundancy = 'LRS') {
  return { createdMs, acl: 'private', storageClass, redundancy, styles: {} };
}
