export { type Freshness, freshness, useLiveConnection, useLiveStatus, usePaused, useServerNow, useTopic, useTopicEvents } from './hooks'
export { LivePill, useLivePill } from './LivePill'
export { live, type TopicEvent, type TopicState } from './store'
