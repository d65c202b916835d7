/* The actions by their names in the catalog; those that are missing here are not implemented. */
export { blindwatermark } from './blindwatermark.ts';
export { crop, indexcrop } from './crop.ts';
export { format, interlace, quality } from './output.ts';
export { resize } from './resize.ts';
export { circle, roundedCorners as 'rounded-corners' } from './round.ts';
export { blur, bright, contrast, sharpen } from './tone.ts';
export { autoOrient as 'auto-orient', flip, rotate } from './turn.ts';
export { watermark } from './watermark.ts';
