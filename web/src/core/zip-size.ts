/** Unpacked size of a zipped file, without unpacking it: what its directory says. */

const END = 0x06054b50;
const ENTRY = 0x02014b50;
/** The end of a zip file: a record of 22 bytes, and a comment of at most 65,535. */
const TAIL = 22 + 65_535;

/** Bytes of all that is packed in a file; null for what is no zip file. */
export async function unpackedSize(file: Blob): Promise<number | null> {
  const from = Math.max(0, file.size - TAIL);
  const tail = new DataView(await file.slice(from).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) return null;
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  if (start + size > file.size) return null;
  const directory = new DataView(await file.slice(start, start + size).arrayBuffer());
  let [at, sum] = [0, 0];
  while (at + 46 <= directory.byteLength && directory.getUint32(at, true) === ENTRY) {
    sum += directory.getUint32(at + 24, true);
    at += 46 + directory.getUint16(at + 28, true) + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  }
  return sum;
}
