export {
  type Freshness,
  freshness,
  useAtNow,
  useConnected,
  useLiveConnection,
  useLiveStatus,
  usePaused,
  useServerNow,
  useTopic,
  useTopicEvents,
  useTopicPhase
} from './hooks'
export { LivePill, useLivePill } from './LivePill'
export { live, type TopicEvent, type TopicState } from './store'
