import NIOCore
import NIOPosix

/// A port with a full accept queue: further connection attempts get no answer.
func withFullBacklog<R>(_ body: (_ port: Int) async throws -> R) async throws -> R {
    let listener = try await ServerBootstrap(group: RawConnection.group)
        .serverChannelOption(.backlog, value: 1)
        .serverChannelOption(.autoRead, value: false)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = listener.localAddress?.port ?? 0
    var waiting: [any Channel] = []
    let client = ClientBootstrap(group: RawConnection.group).connectTimeout(.milliseconds(200))
    while waiting.count < 64, let channel = try? await client.connect(host: "127.0.0.1", port: port).get() {
        waiting.append(channel)
    }
    let result: Result<R, any Error>
    do { result = .success(try await body(port)) } catch { result = .failure(error) }
    for channel in waiting + [listener] { try? await channel.close() }
    return try result.get()
}
