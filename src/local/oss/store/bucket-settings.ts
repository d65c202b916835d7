import { z } from 'zod';

const styleSchema = z.object({
  content: z.string(),
  category: z.string(),
  createdMs: z.number(),
  modifiedMs: z.number(),
});

/** The settings of a bucket; one that lost them has those of a new one. */
export const bucketSettingsSchema = z
  .object({
    createdMs: z.number(),
    acl: z.string(),
    storageClass: z.string(),
    redundancy: z.string(),
    /** Nothing can be made public, and what is so counts for nothing; undefined where nobody has said. */
    blocksPublic: z.boolean().optional(),
    styles: z.record(z.string(), styleSchema),
  })
  .default(() => newBucketSettings(Date.now()));

/** A named style of a bucket. */
export type BucketStyle = z.infer<typeof styleSchema>;
export type BucketSettings = z.infer<typeof bucketSettingsSchema>;

/** The settings of a bucket that was just made. */
export function newBucketSettings(createdMs: number, storageClass = 'Standard', redundancy = 'LRS') {
  return { createdMs, acl: 'private', storageClass, redundancy, styles: {} };
}
