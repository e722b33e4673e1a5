/// `[server.http2]`: HTTP/2 from clients.
public struct HTTP2Configuration: SettingTable {
    /// Maximum number of concurrent streams per connection.
    public var maxStreams = 128
    /// How much of a request body a client may send ahead, per stream.
    public var window = ByteCount.kibibytes(256)
    /// How much of all request bodies a client may send ahead, per connection.
    public var connectionWindow = ByteCount.mebibytes(1)
    /// Maximum size of a frame, 16 KiB to 16 MiB.
    public var maxFrame = ByteCount.kibibytes(16)
    /// Silence after which a client with an open stream is pinged, or `"off"`. A client that does not answer within 10 s is
    /// disconnected.
    public var keepalivePing = PingInterval.every(.seconds(30))

    public init() {}
}
