import CAres
import GatewayHTTP
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lookup of a name: the queries for its A and AAAA records, on a dedicated c-ares channel.
///
/// A separate channel per lookup rereads `resolv.conf`, uses new source ports, and can be closed without affecting
/// other lookups. A lookup is confined to one thread.
final class DNSLookup {
    /// A socket that c-ares waits for, and the `POLLIN` and `POLLOUT` events of interest.
    struct Interest {
        let descriptor: Int32
        let events: Int16
    }

    private var channel: ares_channel?
    private let queries = [Query(.ipv4), Query(.ipv6)]

    /// The query for one family. Holds the answer until ``takeAnswers()`` returns it.
    private final class Query {
        let family: AddressFamily
        package var answer: FamilyAnswer?

        init(_ family: AddressFamily) { self.family = family }
    }

    /// Starts a lookup.
    ///
    /// - Parameters:
    ///   - servers: The name servers as `ADDRESS:PORT`, separated by commas, or nil for those of the system.
    ///   - tryTimeout: The timeout of the first attempt per server. It doubles with each further attempt.
    init(_ name: String, servers: String?, tryTimeout: TimeAmount) {
        var options = ares_options()
        options.timeout = Int32(clamping: tryTimeout.nanoseconds / 1_000_000)
        options.tries = 4
        // The caller has already read the hosts file for both families. If the file had only one, c-ares would query
        // a name server for the other.
        let opened = Self.lookups.withCString { lookups in
            options.lookups = UnsafeMutablePointer(mutating: lookups)
            return ares_init_options(
                &self.channel,
                &options,
                ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS
            )
        }
        var status = opened
        if status == ARES_SUCCESS, let servers { status = ares_set_servers_ports_csv(self.channel, servers) }
        guard status == ARES_SUCCESS else {
            for query in self.queries { query.answer = .failed(reason: Self.text(of: status)) }
            return
        }
        for query in self.queries {
            var hints = ares_addrinfo_hints()
            hints.ai_family = query.family == .ipv4 ? AF_INET : AF_INET6
            // Without a socket type, c-ares returns each record once per protocol.
            hints.ai_socktype = Platform.streamSocket
            hints.ai_flags = Int32(ARES_AI_NOSORT)
            ares_getaddrinfo(
                self.channel,
                name,
                nil,
                &hints,
                { argument, status, _, result in
                    defer { if let result { ares_freeaddrinfo(result) } }
                    guard let argument else { return }
                    let query = Unmanaged<Query>.fromOpaque(argument).takeUnretainedValue()
                    query.answer = DNSLookup.answer(status, result)
                },
                // The channel is destroyed, with its last callbacks, before the queries are released.
                Unmanaged.passUnretained(query).toOpaque()
            )
        }
    }

    deinit { if let channel { ares_destroy(channel) } }

    /// Returns the answers received since the last call.
    func takeAnswers() -> [(family: AddressFamily, answer: FamilyAnswer)] {
        self.queries.compactMap { query in
            guard let answer = query.answer else { return nil }
            query.answer = nil
            return (query.family, answer)
        }
    }

    // MARK: Sockets

    /// The sockets that c-ares waits for. Uses `ares_getsock`, because `ares_fds` needs `FD_SET`, which writes out of
    /// bounds for descriptors of 1,024 and above.
    var interests: [Interest] {
        guard let channel = self.channel else { return [] }
        var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = UInt32(bitPattern: ares_getsock(channel, &sockets, ARES_GETSOCK_MAXNUM))
        return sockets.indices.compactMap { index in
            let readable = bits & (1 << UInt32(index)) != 0
            let writable = bits & (1 << UInt32(index + Int(ARES_GETSOCK_MAXNUM))) != 0
            guard readable || writable else { return nil }
            let events = (readable ? Int16(POLLIN) : 0) | (writable ? Int16(POLLOUT) : 0)
            return Interest(descriptor: sockets[index], events: events)
        }
    }

    /// The time after which c-ares has to be called even if no socket is ready.
    var timeout: TimeAmount? {
        guard let channel = self.channel else { return nil }
        var time = timeval()
        guard ares_timeout(channel, nil, &time) != nil else { return nil }
        return .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
    }

    func ready(_ descriptor: Int32, readable: Bool, writable: Bool) {
        guard let channel = self.channel else { return }
        ares_process_fd(channel, readable ? descriptor : ARES_SOCKET_BAD, writable ? descriptor : ARES_SOCKET_BAD)
    }

    func timeReached() {
        guard let channel = self.channel else { return }
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
    }

    // MARK: Answers

    private static func answer(_ status: Int32, _ result: UnsafeMutablePointer<ares_addrinfo>?) -> FamilyAnswer {
        switch status {
        case ARES_SUCCESS: break
        case ARES_ENOTFOUND, ARES_ENODATA: return .none(reason: self.text(of: status))
        default: return .failed(reason: self.text(of: status))
        }
        var addresses: [IPAddress] = []
        var lifetime = Int32.max
        var node = result?.pointee.nodes
        while let current = node {
            if let address = IPAddress(current.pointee.ai_addr, family: current.pointee.ai_family) {
                addresses.append(address)
            }
            lifetime = min(lifetime, current.pointee.ai_ttl)
            node = current.pointee.ai_next
        }
        var alias = result?.pointee.cnames
        while let current = alias {
            lifetime = min(lifetime, current.pointee.ttl)
            alias = current.pointee.next
        }
        // RFC 2181 section 8: treat a TTL with the most significant bit set as zero.
        return .addresses(addresses, lifetime: .seconds(Int64(max(0, lifetime))))
    }

    private static func text(of status: Int32) -> String {
        switch status {
        case ARES_ENOTFOUND: "the name does not exist"
        case ARES_ENODATA: "the name has no address"
        case ARES_ETIMEOUT: "no answer from the name server"
        // c-ares 1.18 also reports this after SERVFAIL or REFUSED from the last server.
        case ARES_ECONNREFUSED: "the name server failed or cannot be reached"
        case ARES_ESERVFAIL: "the name server answered SERVFAIL"
        case ARES_EREFUSED: "the name server answered REFUSED"
        case ARES_EFORMERR: "the name server answered FORMERR"
        case ARES_ENOTIMP: "the name server answered NOTIMP"
        case ARES_EBADRESP: "the name server's answer is malformed"
        case ARES_EBADNAME: "this is not a valid name"
        default: String(cString: ares_strerror(status))
        }
    }

    private static let lookups = "b"
}

@available(*, unavailable)
extension DNSLookup: Sendable {}

extension IPAddress {
    fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>?, family: Int32) {
        guard let address else { return nil }
        switch family {
        // Read at fixed offsets: more than one module may declare the C library's structures, and a release build
        // then requires an import of one of them.
        case AF_INET:
            let bits = UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            self.init(ipv4: UInt32(bigEndian: bits))
        case AF_INET6:
            let high = UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let low = UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            self.init(ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        default: return nil
        }
    }
}
