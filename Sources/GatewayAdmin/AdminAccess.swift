import GatewayEvents
import GatewayHTTP
import GatewaySettings

/// Who may use the admin API.
///
/// With a token, every client must send it. Without a token, exposed endpoints are open, and the admin listener only accepts
/// clients on this machine, and rejects browsers that reached it under the name of another site (DNS rebinding). Reads with a
/// token skip that check, because a browser has no token to send. Writes need the token and the check, and are refused to
/// pages of other sites.
///
/// Events have a separate token, which opens nothing else. Browsers may send either token where they can: in the query,
/// or as a subprotocol of a WebSocket. A page of another site gets no WebSocket.
struct AdminAccess: Sendable {
    private let token: [UInt8]
    private let eventsToken: [UInt8]
    /// `Host` may name this address.
    private let listen: AdminListen

    init(_ configuration: GatewayConfiguration) {
        self.token = Array(configuration.admin.token.utf8)
        self.eventsToken = Array(configuration.events.token.utf8)
        self.listen = configuration.admin.listen
    }

    /// - Throws: 401 or 403.
    func check(_ request: AdminRequest, for scope: AdminScope) throws(AdminRefusal) {
        if scope == .write, request.surface == .exposed {
            throw .forbidden("What changes anything is on admin.listen alone.")
        }
        if scope == .open { return }
        if scope == .events { return try self.checkListener(request) }
        if request.surface == .exposed {
            if !self.token.isEmpty { try self.checkToken(request.authorization) }
            return
        }
        try self.checkCaller(request)
        guard scope == .write else { return }
        try self.checkName(request)
        try Self.checkSite(request)
    }

    private func checkCaller(_ request: AdminRequest) throws(AdminRefusal) {
        guard self.token.isEmpty else { return try self.checkToken(request.authorization) }
        if case .address(let own) = self.listen, case .unix = own.location { return }
        guard let peer = request.peer, peer.isLoopback else {
            throw .forbidden("Without admin.token in the configuration, only this machine is answered.")
        }
        try self.checkName(request)
    }

    /// Checks a client of events.
    private func checkListener(_ request: AdminRequest) throws(AdminRefusal) {
        if !self.token.isEmpty || !self.eventsToken.isEmpty {
            try self.checkEventsToken(request)
        } else if request.surface == .admin {
            try self.checkCaller(request)
        }
        guard request.isWebSocket, request.origin != nil else { return }
        guard Self.isOfOwnOrigin(request) else { throw .otherSite }
    }

    /// Accepts either token, wherever the request has it.
    private func checkEventsToken(_ request: AdminRequest) throws(AdminRefusal) {
        var given = request.browserTokens
        if let authorization = request.authorization { given.append(Self.bearerToken(authorization) ?? "") }
        guard !given.isEmpty else {
            throw .unauthorized(
                "Send a token as \"Authorization: Bearer TOKEN\"; browsers send it as ?token=TOKEN.",
                challenge: "Bearer realm=\"gateway events\""
            )
        }
        var isKnown = false
        for token in given.map({ Array($0.utf8) }) {
            let isAdmin = Self.isEqual(token, to: self.token)
            let isOfEvents = Self.isEqual(token, to: self.eventsToken)
            isKnown = isKnown || isAdmin || isOfEvents
        }
        guard isKnown else {
            throw .unauthorized(
                "The token is neither the one in events.token nor the one in admin.token.",
                challenge: "Bearer realm=\"gateway events\", error=\"invalid_token\""
            )
        }
    }

    /// Skipped for Unix sockets, which browsers cannot reach.
    private func checkName(_ request: AdminRequest) throws(AdminRefusal) {
        if case .address(let own) = self.listen, case .unix = own.location { return }
        guard self.isOwnName(request.host) else {
            throw .forbidden("Host names another server: ask by address, by localhost or by the name in admin.listen.")
        }
    }

    /// Refuses requests that a page of another origin sent (Fetch Metadata; in older browsers, `Origin`).
    private static func checkSite(_ request: AdminRequest) throws(AdminRefusal) {
        if let site = request.fetchSite {
            guard site == "same-origin" || site == "none" else { throw .otherSite }
        } else if request.origin != nil {
            guard Self.isOfOwnOrigin(request) else { throw .otherSite }
        }
    }

    /// Whether `Origin` names the server that the request was sent to. Not so for "null", an origin that the browser
    /// withholds, and for pages that came without TLS if the request has it.
    private static func isOfOwnOrigin(_ request: AdminRequest) -> Bool {
        guard let origin = request.origin, let host = request.host, let scheme = origin.firstRange(of: "://"),
            origin[scheme.upperBound...].lowercased() == host.lowercased()
        else { return false }
        return !request.isSecure || origin.lowercased().hasPrefix("https:")
    }

    private func checkToken(_ authorization: String?) throws(AdminRefusal) {
        guard let authorization else {
            throw .unauthorized(
                "Send the token as \"Authorization: Bearer TOKEN\".",
                challenge: "Bearer realm=\"gateway admin\""
            )
        }
        guard let given = Self.bearerToken(authorization), Self.isEqual(Array(given.utf8), to: self.token) else {
            throw .unauthorized(
                "The token is not the one in admin.token.",
                challenge: "Bearer realm=\"gateway admin\", error=\"invalid_token\""
            )
        }
    }

    private static func bearerToken(_ authorization: String) -> String? {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
    }

    /// Compares in time that depends only on the length of `given`.
    static func isEqual(_ given: [UInt8], to secret: [UInt8]) -> Bool {
        guard !secret.isEmpty else { return false }
        var difference = given.count ^ secret.count
        for index in given.indices { difference |= Int(given[index] ^ secret[index % secret.count]) }
        return difference == 0
    }

    /// Whether `Host` names the listener or this machine. Only clients other than browsers omit it. With a token, any address
    /// is accepted, because rebinding needs a name.
    private func isOwnName(_ host: String?) -> Bool {
        guard let host else { return true }
        guard let name = HostAndPort.parse(host)?.host.lowercased() else { return false }
        if name == "localhost" { return true }
        if let address = IPAddress(name), address.isLoopback || !self.token.isEmpty { return true }
        guard case .address(let address) = self.listen, case .host(let own, _) = address.location else { return false }
        return name == own.lowercased()
    }
}

extension AdminRequest {
    /// The tokens where browsers can send them.
    fileprivate var browserTokens: [String] {
        AdminQuery(self.query).values(of: Self.tokenParameter)
            + self.protocols.filter { $0.hasPrefix(StreamProtocol.tokenPrefix) }
            .map { String($0.dropFirst(StreamProtocol.tokenPrefix.count)) }
    }
}

extension AdminRefusal {
    fileprivate static let otherSite = Self.forbidden("A browser sent this for a page of another site.")
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { self.isIPv6 ? self.high == 0 && self.low == 1 : self.low >> 24 == 127 }
}
