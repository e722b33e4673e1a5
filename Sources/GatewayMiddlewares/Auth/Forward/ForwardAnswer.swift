import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// What a response of the service, or none, means for the request.
enum ForwardAnswer {
    case granted(Grant)
    /// The response for the client.
    case refused(Response)
    case unavailable(StaticString)

    struct Grant {
        var upstreamFields = PreparedFields()
        var clientFields = PreparedFields()
        var cookies = PreparedFields()
        /// Empty if the service names nobody.
        var consumer = ""
    }

    /// The fields that are used of a 2xx response.
    struct Names {
        let upstream: [HeaderName]
        /// Without `Set-Cookie`.
        let client: [HeaderName]
        let setsCookies: Bool
        /// Nil if none names the consumer.
        let consumer: HeaderName?

        init(_ settings: ForwardAuthConfiguration) {
            self.upstream = settings.responseHeaders.map { HeaderName($0) }
            let client = settings.clientHeaders.map { HeaderName($0) }
            self.client = client.filter { $0.id != .setCookie }
            self.setsCookies = client.contains { $0.id == .setCookie }
            self.consumer = settings.consumerHeader.isEmpty ? nil : HeaderName(settings.consumerHeader)
        }
    }

    /// The fields that the client receives of a refusal.
    private static let ofRefusal = [.location, .wwwAuthenticate, .setCookie, .retryAfter].map { HeaderName($0) }
    /// A longer name is no name.
    private static let longestConsumer = 256

    init(_ result: Result<OutboundResponse, OutboundFailure>, _ names: Names) {
        switch result {
        case .failure(let failure): self = .unavailable(Self.reason(failure.kind))
        case .success(let response):
            switch response.status {
            case 200..<300: self = .granted(Grant(response, names, longestConsumer: Self.longestConsumer))
            // Nobody asked whether something has changed.
            case 304: self = .unavailable(Self.reason(.malformed))
            case 300..<500: self = .refused(Self.refusal(response))
            default: self = .unavailable("the service answered with an error")
            }
        }
    }

    private static func reason(_ kind: OutboundFailure.Kind) -> StaticString {
        switch kind {
        case .dns: "the name of the service has no address"
        case .refused: "the service cannot be reached"
        case .tls: "the TLS handshake with the service failed"
        case .reset: "the service closed the connection"
        case .timeout: "the service did not answer in time"
        case .malformed, .tooLarge: "the service sent no valid response"
        case .overloaded: "too many requests wait for the service"
        }
    }

    private static func refusal(_ response: OutboundResponse) -> Response {
        // Nothing else about a caller without permission may be stored, such as a permanent redirect to a login.
        var refusal = Response(status: response.status, headers: [("Cache-Control", "no-store")])
        // Nobody asked for an encoding, and the client may not know it.
        let hasBody = response.body.readableBytes > 0 && !response.head.headers.contains(.contentEncoding)
        refusal.fields = PreparedFields(refusal.fields) { fields in
            fields.add(Self.ofRefusal, of: response.head.headers)
            if hasBody { fields.add([HeaderName(.contentType)], of: response.head.headers) }
        }
        if hasBody { refusal.body = response.body }
        return refusal
    }
}

extension ForwardAnswer.Grant {
    fileprivate init(_ response: OutboundResponse, _ names: ForwardAnswer.Names, longestConsumer: Int) {
        self.upstreamFields = PreparedFields { $0.add(names.upstream, of: response.head.headers) }
        self.clientFields = PreparedFields { $0.add(names.client, of: response.head.headers) }
        if names.setsCookies {
            self.cookies = PreparedFields { $0.add([HeaderName(.setCookie)], of: response.head.headers) }
        }
        if let name = names.consumer, let value = response.head.headers.first(name), value.count <= longestConsumer {
            self.consumer = response.head.headers.string(value)
        }
    }
}

extension HeaderBlock {
    /// Adds the fields of these names from another message, each line as a line.
    fileprivate mutating func add(_ names: [HeaderName], of other: borrowing HeaderBlock) {
        for name in names {
            for field in other.fields where other.matches(field, name) {
                other.withBytes(field.value) { self.add(name, $0) }
            }
        }
    }
}
