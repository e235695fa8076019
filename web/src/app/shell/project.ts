import { createContext, useCallback, useContext } from 'react'
import { useApi } from '@/api/query'
import type { Project } from '@/api/schema.gen'

/** Name of the project that the address is within; null: everything. */
export const ProjectContext = createContext<string | null>(null)

export function useProjects(): Project[] {
  return useApi('GET /api/v1/projects', { query: { limit: 200 } }, { staleTime: 60_000 }).data?.items ?? []
}

/** The project that the address is within: its row when it is known. */
export function useProject(): { name: string | null; project: Project | undefined } {
  const name = useContext(ProjectContext)
  const project = useProjects().find(p => p.name === name)
  return { name, project }
}

/** Whether a thing belongs to what the address shows. */
export function useInProject(): (project_id: number | null) => boolean {
  const { name, project } = useProject()
  const mine = project?.id
  return useCallback(id => name === null || id === mine, [name, mine])
}
