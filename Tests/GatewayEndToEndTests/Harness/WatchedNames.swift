import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

/// A resolver, what it reported for each name, and its log.
final class WatchedNames: Sendable {
    let resolver: NameResolver
    let log: CollectedLog
    private let told = NIOLockedValueBox<[String: [NameState]]>([:])
    private let watches = NIOLockedValueBox<[String: NameResolver.Watch]>([:])

    init(_ settings: NameResolver.Settings) {
        self.log = CollectedLog()
        self.resolver = NameResolver(settings, log: self.log.logger)
    }

    func watch(_ names: String..., every interval: TimeAmount = .seconds(30)) {
        for name in names {
            let watch = self.resolver.watch(name, every: interval) { [told] state in
                told.withLockedValue { $0[name, default: []].append(state) }
            }
            self.watches.withLockedValue { $0[name] = watch }
        }
    }

    func cancel(_ name: String) { self.watches.withLockedValue { $0[name] = nil } }

    /// Everything reported for a name.
    func history(of name: String) -> [NameState] { self.told.withLockedValue { $0[name] ?? [] } }

    /// Waits until a name has these addresses.
    func have(_ name: String, _ addresses: String...) async throws {
        let expected = Set(addresses)
        try await eventually("\(name) has \(addresses)") {
            guard case .addresses(let found) = self.history(of: name).last else { return false }
            return Set(found.map(\.description)) == expected
        }
    }

    /// Waits until a name fails, and returns the reason.
    func failure(of name: String) async throws -> String {
        try await eventually("\(name) fails") {
            if case .failed = self.history(of: name).last { true } else { false }
        }
        guard case .failed(let reason) = self.history(of: name).last else { return "" }
        return reason
    }
}

/// Settings that keep tests short. The name server has 3 s in total, because the machine may be busy.
func quickSettings(_ servers: String, hostsFile: String = "/dev/null") -> NameResolver.Settings {
    var settings = NameResolver.Settings()
    settings.servers = servers
    settings.hostsFile = hostsFile
    settings.tryTimeout = .milliseconds(200)
    settings.schedule.minInterval = .milliseconds(5)
    settings.schedule.maxBackoff = .milliseconds(20)
    return settings
}

/// Runs a resolver that queries `server` while `body` runs.
func withNames<R>(_ settings: NameResolver.Settings, _ body: (WatchedNames) async throws -> R) async throws -> R {
    let names = WatchedNames(settings)
    do {
        let result = try await body(names)
        await names.resolver.stop()
        return result
    } catch {
        await names.resolver.stop()
        throw error
    }
}

/// Log lines, as level and text.
final class CollectedLog: Sendable {
    private let entries = NIOLockedValueBox<[(level: Logger.Level, text: String)]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(entries: self.entries) } }

    func lines(_ level: Logger.Level) -> [String] {
        self.entries.withLockedValue { $0.filter { $0.level == level }.map(\.text) }
    }

    private struct Handler: LogHandler {
        let entries: NIOLockedValueBox<[(level: Logger.Level, text: String)]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            self.entries.withLockedValue { $0.append((event.level, "\(event.message)" + fields.joined())) }
        }
    }
}
