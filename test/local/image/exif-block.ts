/** A value of a tag: its type by Exif 2.31 (2 ASCII, 1 bytes, 3 short, 4 long, 5 fraction). */
type Entry = readonly [tag: number, type: 1 | 2 | 3 | 4 | 5, values: string | readonly number[]];

const sizes = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 };

function encode(type: Entry[1], values: Entry[2]): Buffer {
  if (typeof values === 'string') {
    return Buffer.from(`${values}\0`);
  }
  const width = type === 5 ? 4 : sizes[type];
  const bytes = Buffer.alloc(values.length * width);
  for (const [index, value] of values.entries()) {
    bytes.writeUIntLE(value, index * width, width);
  }
  return bytes;
}

/** A directory at `start`, its long values behind it, then the place of the next one. */
function directory(start: number, entries: readonly Entry[], next = 0): Buffer {
  const head = Buffer.alloc(2 + entries.length * 12 + 4);
  head.writeUInt16LE(entries.length, 0);
  head.writeUInt32LE(next, head.length - 4);
  const tail: Buffer[] = [];
  let end = start + head.length;
  for (const [index, [tag, type, values]] of entries.entries()) {
    const bytes = encode(type, values);
    const at = 2 + index * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(bytes.length / sizes[type], at + 4);
    if (bytes.length <= 4) {
      bytes.copy(head, at + 8);
    } else {
      head.writeUInt32LE(end, at + 8);
      tail.push(bytes);
      end += bytes.length;
    }
  }
  return Buffer.concat([head, ...tail]);
}

const gps: readonly Entry[] = [
  [0, 1, [2, 2, 0, 0]],
  [1, 2, 'N'],
  [2, 5, [0, 1, 0, 1, 0, 1]],
  [3, 2, 'E'],
  [4, 5, [31, 1, 14, 1, 47, 2]],
  [18, 2, 'WGS-84'],
];

const camera: readonly Entry[] = [
  [0x829d, 5, [28, 10]],
  [0x9004, 2, '2014:11:29 16:53:26'],
  [0x9209, 3, [16]],
  [0xa002, 4, [424]],
  [0xa434, 2, 'A lens'],
];

/** The JPEG with the kind of EXIF that the example of OSS's page has: camera, place and thumbnail. */
export function withExif(jpeg: Buffer): Buffer {
  const main = (places: readonly [number, number, number]): Buffer =>
    directory(
      8,
      [
        [0x0112, 3, [7]],
        [0x011a, 5, [96, 1]],
        [0x011b, 5, [96, 1]],
        [0x0128, 3, [2]],
        [0x0131, 2, 'Picasa'],
        [0x0132, 2, '2014:11:29 16:53:26'],
        [0x8769, 4, [places[0]]],
        [0x8825, 4, [places[1]]],
      ],
      places[2],
    );
  const cameraAt = 8 + main([0, 0, 0]).length;
  const gpsAt = cameraAt + directory(0, camera).length;
  const thumbnailAt = gpsAt + directory(0, gps).length;
  const thumbnail: readonly Entry[] = [
    [0x0103, 3, [6]],
    [0x0201, 4, [thumbnailAt + 42]],
    [0x0202, 4, [4]],
  ];
  const block = Buffer.concat([
    Buffer.from('Exif\0\0II*\0\x08\0\0\0', 'latin1'),
    main([cameraAt, gpsAt, thumbnailAt]),
    directory(cameraAt, camera),
    directory(gpsAt, gps),
    directory(thumbnailAt, thumbnail),
    Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
  ]);
  return withBlock(jpeg, block);
}

/** The JPEG with a thousand makers in its EXIF, each of them the same 50,000 bytes. */
export function withManyMakers(jpeg: Buffer): Buffer {
  const block = Buffer.alloc(65_000, 'A');
  block.write('Exif\0\0II*\0\x08\0\0\0\xe8\x03', 'latin1');
  for (let at = 16; at < 16 + 1000 * 12; at += 12) {
    block.writeUInt32LE(0x0002_010f, at);
    block.writeUInt32LE(50_000, at + 4);
    block.writeUInt32LE(14_000, at + 8);
  }
  return withBlock(jpeg, block);
}

function withBlock(jpeg: Buffer, block: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(block.length + 2);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, block, jpeg.subarray(2)]);
}
