import type { Action } from '../picture.ts';

/** EXIF orientation acts by default and before everything else; this action can only refuse it, before all others. */
export const autoOrient: Action = (picture) => picture;
