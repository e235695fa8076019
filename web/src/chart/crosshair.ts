/* Charts of one group show the same moment under their cursors. */
export interface Follower {
  showCursor(at: number | null): void // microseconds
}
const groups = new Map<string, Set<Follower>>()

export function joinCrosshair(group: string, f: Follower): () => void {
  let g = groups.get(group)
  if (!g) {
    g = new Set()
    groups.set(group, g)
  }
  g.add(f)
  return () => {
    g.delete(f)
    if (!g.size) groups.delete(group)
  }
}

export function moveCrosshair(group: string, from: Follower, at: number | null): void {
  for (const f of groups.get(group) ?? []) if (f !== from) f.showCursor(at)
}
