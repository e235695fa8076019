import { useText } from '@/i18n'
import { CopyLine, Page, Section } from '@/ui'
import { packageText } from './text'

const manifest = `{
  "name": "door-sensor",
  "version": "1.0.0",
  "description": "Counts how often a door opens",
  "tags": ["sensor", "python"],
  "runtime": { "needs": ["python>=3.8"] },
  "entry": {
    "command": "python3",
    "args": ["-u", "sensor.py"],
    "restart": { "policy": "on-failure" }
  }
}`

export default function PublishPage() {
  const t = useText(packageText)
  return (
    <Page
      title={t.publish}
      equivalent={{
        cli: ['spark publish ./my-folder'],
        api: ['POST /api/spark/packages', 'POST /api/spark/packages/NAME/versions', 'PUT /api/spark/packages/NAME/versions/1.0.0/archive']
      }}
    >
      <p>{t.publishLead}</p>
      <ol className="publish">
        <li>
          <h2>{t.step1}</h2>
          <CopyLine text={`spark login ${location.origin}`} />
        </li>
        <li>
          <h2>{t.step2}</h2>
          <CopyLine text="spark init ./my-folder" />
        </li>
        <li>
          <h2>{t.step3}</h2>
          <CopyLine text="spark publish ./my-folder" />
        </li>
      </ol>
      <p className="dim">{t.publishNote}</p>
      <Section title={t.manifest}>
        <CopyLine text={manifest} />
      </Section>
    </Page>
  )
}
