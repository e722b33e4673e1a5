import GatewayHTTP

/// Who may use the admin API.
///
/// With a token, on the admin listener and where endpoints are exposed: clients that send it. Without one, exposed endpoints
/// are open, and the admin listener answers clients on this machine alone, and there no browser that another site's name
/// has led here (DNS rebinding). Reading with a token needs no such check, since a browser has no token to send. Writing
/// needs the token and the check, and is refused to a browser that another site's page sent.
struct AdminAccess: Sendable {
    private let token: [UInt8]
    /// Its own name may stand in `Host`.
    private let listen: AdminListen

    init(_ configuration: AdminConfiguration) {
        self.token = Array(configuration.token.utf8)
        self.listen = configuration.listen
    }

    /// - Throws: 401 or 403.
    func check(_ request: AdminRequest, for endpoint: AdminEndpoint?) throws(AdminRefusal) {
        let isWrite = endpoint?.isWrite ?? false
        if isWrite, request.surface == .exposed {
            throw .forbidden("What changes anything is on admin.listen alone.")
        }
        if endpoint?.isOpen == true { return }
        if request.surface == .exposed {
            if !self.token.isEmpty { try self.checkToken(request.authorization) }
            return
        }
        try self.checkCaller(request)
        guard isWrite else { return }
        try self.checkName(request)
        try Self.checkSite(request)
    }

    private func checkCaller(_ request: AdminRequest) throws(AdminRefusal) {
        guard self.token.isEmpty else { return try self.checkToken(request.authorization) }
        if case .address(.unix) = self.listen { return }
        guard let peer = request.peer, peer.isLoopback else {
            throw .forbidden("Without admin.token in the configuration, only this machine is answered.")
        }
        try self.checkName(request)
    }

    /// No browser reaches a socket file, and no name leads there.
    private func checkName(_ request: AdminRequest) throws(AdminRefusal) {
        if case .address(.unix) = self.listen { return }
        guard self.isOwnName(request.host) else {
            throw .forbidden("Host names another server: ask by address, by localhost or by the name in admin.listen.")
        }
    }

    /// Refuses what a page of another origin had a browser send (Fetch Metadata; for older browsers, `Origin`).
    private static func checkSite(_ request: AdminRequest) throws(AdminRefusal) {
        if let site = request.fetchSite {
            guard site == "same-origin" || site == "none" else {
                throw .forbidden("A browser sent this for a page of another site.")
            }
        } else if let origin = request.origin {
            // "null" hides where it comes from.
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

    /// Takes as long for a token that is nearly right as for any other of its length.
    static func isEqual(_ given: [UInt8], to secret: [UInt8]) -> Bool {
        guard !secret.isEmpty else { return false }
        var difference = given.count ^ secret.count
        for index in given.indices { difference |= Int(given[index] ^ secret[index % secret.count]) }
        return difference == 0
    }

    /// Whether a `Host` is the listener's, or this machine's own. Without one it was no browser that asked. Who has the
    /// token may use any address: to rebind one, there must be a name.
    private func isOwnName(_ host: String?) -> Bool {
        guard let host else { return true }
        guard let name = HostAndPort.parse(host)?.host.lowercased() else { return false }
        if name == "localhost" { return true }
        if let address = IPAddress(name), address.isLoopback || !self.token.isEmpty { return true }
        guard case .address(.host(let own, _)) = self.listen else { return false }
        return name == own.lowercased()
    }
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { self.isIPv6 ? self.high == 0 && self.low == 1 : self.low >> 24 == 127 }
}
