// What a tab keeps over a reload. Where a browser keeps nothing, pages work without.

export function keep(name: string, value: string): void {
  try {
    sessionStorage.setItem(name, value);
  } catch {}
}

export function recall(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

export function drop(name: string): void {
  try {
    sessionStorage.removeItem(name);
  } catch {}
}
