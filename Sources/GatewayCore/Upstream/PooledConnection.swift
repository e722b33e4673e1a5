/// An open connection of a pool, by its protocol.
enum PooledConnection {
    /// Serves one call at a time.
    case http1(UpstreamHandler)
    /// Serves several calls at a time.
    case http2(HTTP2UpstreamConnection)

    /// The connection's ID in the pool while it is open.
    var lease: UpstreamPool.Machine.ConnectionID? {
        get {
            switch self {
            case .http1(let handler): handler.lease
            case .http2(let connection): connection.lease
            }
        }
        nonmutating set {
            switch self {
            case .http1(let handler): handler.lease = newValue
            case .http2(let connection): connection.lease = newValue
            }
        }
    }

    /// The number of calls that the connection serves at a time.
    var limit: Int {
        switch self {
        case .http1: 1
        case .http2(let connection): connection.limit
        }
    }

    /// Serves no calls after the current ones.
    func retire() {
        switch self {
        case .http1(let handler): handler.retire()
        case .http2(let connection): connection.drain()
        }
    }

    func close() {
        switch self {
        case .http1(let handler): handler.close()
        case .http2(let connection): connection.close()
        }
    }
}

@available(*, unavailable)
extension PooledConnection: Sendable {}
