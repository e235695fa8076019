import { ChevronsUpDown } from 'lucide-react'
import { useContext } from 'react'
import { useLocation } from 'wouter'
import { useText } from '@/i18n'
import { Menu } from '@/ui'
import { ProjectContext, useProjects } from './project'
import { shellText } from './text'

/** Which project's things are shown; it is a part of the address. */
export function ProjectSwitcher() {
  const t = useText(shellText)
  const name = useContext(ProjectContext)
  const projects = useProjects()
  const [location, navigate] = useLocation()
  // The same section of another project; what belongs to one project stays behind.
  const section = `/${location.split('/')[1] ?? ''}`
  const present = projects.find(p => p.name === name)
  const go = (to: string | null) => navigate(`~${to ? `/p/${encodeURIComponent(to)}` : ''}${section === '/' && to ? '' : section}`)
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <button type="button" className="switcher" aria-label={`${t.project}: ${present?.display_name ?? name ?? t.allProjects}`}>
          <span className="cut">{present?.display_name ?? name ?? t.allProjects}</span>
          <ChevronsUpDown size={13} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.allMine}</Menu.Label>
        <Menu.Item onClick={() => go(null)} aria-current={name === null}>
          {t.allProjects}
        </Menu.Item>
        {projects.length > 0 && <Menu.Label>{t.project}</Menu.Label>}
        {projects.map(p => (
          <Menu.Item key={p.id} onClick={() => go(p.name)} aria-current={p.name === name}>
            {p.display_name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => navigate('~/admin/projects?new=1')}>{t.newProject}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
