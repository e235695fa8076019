/** 128 random bits as hex; works without a secure context, where crypto.randomUUID is absent. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('')
}
