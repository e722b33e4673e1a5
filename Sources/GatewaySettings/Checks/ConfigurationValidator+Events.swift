/// The checks of `[events]`, without those of its webhooks.
extension ConfigurationValidator {
    mutating func events() {
        let events = self.configuration.events
        let path = SettingPath("events")
        within(1...1_000_000, events.queue, path + "queue")
        within(.milliseconds(100)...(.hours(1)), events.sample, path + "sample")
        within(.seconds(1)...(.hours(1)), events.heartbeat, path + "heartbeat")
        within(0...100_000, events.maxClients, path + "max_clients")
        within(.milliseconds(100)...(.minutes(5)), events.evaluate, path + "evaluate")
    }
}
