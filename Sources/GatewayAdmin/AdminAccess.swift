import GatewayHTTP
import GatewaySettings

/// Who may use the admin API.
///
/// With a token, every client must send it. Without a token, exposed endpoints are open, and the admin listener only accepts
/// clients on this machine, and rejects browsers that reached it under the name of another site (DNS rebinding). Reads with a
/// token skip that check, because a browser has no token to send. Writes need the token and the check, and are refused to
/// pages of other sites.
struct AdminAccess: Sendable {
    private let token: [UInt8]
    /// `Host` may name this address.
    private let listen: AdminListen

    init(_ configuration: AdminConfiguration) {
        self.token = Array(configuration.token.utf8)
        self.listen = configuration.listen
    }

    /// - Throws: 401 or 403.
    func check(_ request: AdminRequest, for scope: AdminScope) throws(AdminRefusal) {
        if scope == .write, request.surface == .exposed {
            throw .forbidden("What changes anything is on admin.listen alone.")
        }
        if scope == .open { return }
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
            guard site == "same-origin" || site == "none" else {
                throw .forbidden("A browser sent this for a page of another site.")
            }
        } else if let origin = request.origin {
            // Also refuses "null", an origin that the browser withholds.
            guard let host = request.host, let scheme = origin.firstRange(of: "://"),
                origin[scheme.upperBound...].lowercased() == host.lowercased()
            else { throw .forbidden("A browser sent this for a page of another site.") }
        }
    }

    private func checkToken(_ authorization: String?) throws(AdminRefusal) {
        guard let authorization else {
            throw .unauthorized(
                "Send the token as \"Authorization: Bearer TOKEN\".",
                challenge: "Bearer realm=\"gateway admin\""
            )
        }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
        guard isBearer, Self.isEqual(Array(parts[1].utf8), to: self.token) else {
            throw .unauthorized(
                "The token is not the one in admin.token.",
                challenge: "Bearer realm=\"gateway admin\", error=\"invalid_token\""
            )
        }
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

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { self.isIPv6 ? self.high == 0 && self.low == 1 : self.low >> 24 == 127 }
}
