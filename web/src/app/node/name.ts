// What the node is called; anybody may know.
import { useApi } from '@/api/query'

export const useNodeName = (): string | null => useApi('GET /api/v1/node', {}, { staleTime: 300_000 }).data?.name ?? null
