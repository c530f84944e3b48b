/** A fault of the peer that ends the connection with COMPRESSION_ERROR. */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
