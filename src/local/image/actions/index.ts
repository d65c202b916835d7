/* The actions under the names of the catalog; those that are missing here are not implemented. */
export { autoOrient as 'auto-orient' } from './auto-orient.ts';
export { blindwatermark } from './blindwatermark.ts';
export { blur } from './blur.ts';
export { bright } from './bright.ts';
export { circle } from './circle.ts';
export { contrast } from './contrast.ts';
export { crop } from './crop.ts';
export { flip } from './flip.ts';
export { format } from './format.ts';
export { indexcrop } from './indexcrop.ts';
export { interlace } from './interlace.ts';
export { quality } from './quality.ts';
export { resize } from './resize.ts';
export { rotate } from './rotate.ts';
export { roundedCorners as 'rounded-corners' } from './rounded-corners.ts';
export { sharpen } from './sharpen.ts';
export { watermark } from './watermark.ts';
