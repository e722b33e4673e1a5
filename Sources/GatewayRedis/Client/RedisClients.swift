package import GatewayCore
import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore

/// The clients of all workers for one configuration of Redis.
package final class RedisClients: Sendable {
    package struct Settings: Hashable, Sendable {
        let configuration: RedisConfiguration
        /// The absolute paths of the files, as far as they are known.
        let files: [String]
    }

    let settings: Settings
    private let security: RedisSecurity?
    private let nodes: RedisNodes
    private let clients = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<Reference>]>([:])

    private struct Reference {
        weak var client: RedisClient?
    }

    init(_ settings: Settings, security: RedisSecurity?, nodes: RedisNodes) {
        self.settings = settings
        self.security = security
        self.nodes = nodes
    }

    /// Returns the client of a worker. Call it on the worker's event loop.
    func client(of worker: Worker) -> RedisClient {
        let loop = ObjectIdentifier(worker.eventLoop)
        if let known = self.clients.withLockedValue({ $0[loop] })?.value.client { return known }
        let client = RedisClient(self, self.settings.configuration, self.security, self.nodes, of: worker)
        let reference = NIOLoopBound(Reference(client: client), eventLoop: worker.eventLoop)
        self.clients.withLockedValue { $0[loop] = reference }
        return client
    }
}

extension BuildContext {
    /// The worker's client of Redis. It is kept over reloads, as long as the settings of Redis stay as they are.
    package func redisClient() -> RedisClient {
        let tls = self.redis.url.isSecure ? self.redis.tls ?? UpstreamTLSConfiguration() : nil
        let files = [tls?.ca, tls?.certificate, tls?.key].compactMap { $0 }.map { self.folder.path($0) }
        let settings = RedisClients.Settings(configuration: self.redis, files: files)
        let nodes = RedisNodes.of(self.worker.shared)
        let clients = nodes.clients(for: settings) {
            RedisClients(settings, security: tls.map { RedisSecurity($0, folder: self.folder) }, nodes: nodes)
        }
        return clients.client(of: self.worker)
    }
}
