import { expect, test } from 'vitest'
import { LiveStore, type TopicEvent, type WorkerLike } from './store'
import type { FromWorker, TopicMessage } from './wire'

function store() {
  const worker: WorkerLike = { postMessage: () => {}, onmessage: null, terminate: () => {} }
  const live = new LiveStore(
    () => worker,
    () => ''
  )
  live.start()
  const says = (...ms: TopicMessage[]) =>
    worker.onmessage?.({ data: { k: 'batch', items: ms.map(m => ({ id: 1, m })) } satisfies FromWorker } as MessageEvent<FromWorker>)
  return { live, says }
}
const evt = (seq: number): TopicMessage => ({ op: 'evt', chan: 1, seq, key: null, data: seq })

test('what comes together is told together, in order; a phase only when it is another', () => {
  const { live, says } = store()
  const batches: TopicEvent[][] = []
  let phases = 0
  const end = live.listen('unit/1/log', { batch: events => batches.push(events), phase: () => phases++ })
  says({ op: 'sub.ok', id: 1, chan: 1, epoch: 1 }, evt(1), evt(2))
  says(evt(3), { op: 'gap', chan: 1, dropped: 4 }, evt(8))
  expect(batches.map(b => b.map(e => e.data ?? e.kind))).toEqual([
    [1, 2],
    [3, 'gap', 8]
  ])
  expect(phases).toBe(1)
  expect(live.topicState('unit/1/log').phase).toBe('live')
  expect(live.topicState('unit/1/log').events, 'nobody shows them').toHaveLength(0)
  end()
  says(evt(9))
  expect(batches).toHaveLength(2)
})
