/* The actions that ask something about a source, by their names in the catalog. */
export { averageHue as 'average-hue' } from './average-hue.ts';
export { deblindwatermark } from './deblindwatermark.ts';
export { info } from './info.ts';
