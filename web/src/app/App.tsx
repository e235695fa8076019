export function App() {
  return <main>Netbit</main>
}
