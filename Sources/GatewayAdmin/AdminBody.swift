import FoundationEssentials
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Collects the body of an admin request, so that endpoints receive it as a whole. Callers without access are refused
/// before their body is collected.
struct AdminBodyMiddleware: RequestHook {
    struct Config: Codable, Sendable {}

    package static let name = "admin_body"

    /// Decides how much of a body to collect; nil collects as much as most endpoints accept.
    private var router: AdminRouter?

    init(_ config: Config, in context: inout BuildContext) {}

    init(_ router: AdminRouter) { self.router = router }

    func request(_ exchange: Exchange) -> Decision {
        switch exchange.collected {
        case .none where exchange.request.framing.isEmpty: return .next
        case .none:
            do throws(AdminRefusal) {
                let limit = try self.router?.bodyLimit(of: AdminRequest(exchange, on: .admin))
                return .collect(upTo: limit ?? AdminBody.limit)
            } catch {
                return .fail(error.response)
            }
        case .whole: return .next
        case .larger: return .fail(GatewayError(.payloadTooLarge))
        }
    }
}

/// The body of an admin request.
enum AdminBody {
    /// The maximum size of most bodies.
    static let limit = 64 * 1024

    /// Returns the body as text.
    ///
    /// - Throws: 400 if the body is not UTF-8.
    static func text(_ body: ByteBuffer?) throws(AdminRefusal) -> String {
        guard let body else { return "" }
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
            throw .badRequest("The body is not UTF-8 text.")
        }
        return text
    }

    /// Accepts no body or an empty object, for an endpoint without fields.
    ///
    /// - Throws: 400 if the body is not JSON, 422 if it has any content.
    static func requireEmpty(_ body: ByteBuffer?) throws(AdminRefusal) {
        guard let body, body.readableBytes > 0 else { return }
        let fields = try self.fields(of: body)
        guard fields.isEmpty else { throw .invalid(self.unknown(fields.keys)) }
    }

    /// Returns the only field of a body, an integer.
    ///
    /// - Throws: 400 if the body is not JSON, 422 if the field is missing or out of range, or if there are others.
    static func integer(_ name: String, in range: ClosedRange<Int>, _ body: ByteBuffer?) throws(AdminRefusal) -> Int {
        var fields = try self.fields(of: body ?? ByteBuffer())
        let value = fields.removeValue(forKey: name)
        var problems = self.unknown(fields.keys)
        guard let value else {
            throw .invalid([GatewayError.Problem(field: name, reason: "is missing")] + problems)
        }
        if let integer = value.integer, range.contains(integer) {
            if problems.isEmpty { return integer }
        } else {
            let reason = "must be an integer from \(range.lowerBound) to \(range.upperBound)"
            problems.insert(GatewayError.Problem(field: name, reason: reason), at: 0)
        }
        throw .invalid(problems)
    }

    /// Returns a body as JSON.
    ///
    /// - Throws: 400 if it is not JSON, or names a member twice.
    static func json(_ body: ByteBuffer?) throws(AdminRefusal) -> JSONValue {
        do throws(StrictJSON.Problem) {
            return try StrictJSON.parse(Array((body ?? ByteBuffer()).readableBytesView))
        } catch {
            switch error {
            case .malformed: throw .badRequest("The body is not JSON.")
            case .duplicateName: throw .badRequest("An object in the body has a name twice.")
            case .tooDeep, .numberOutOfRange: throw .badRequest("The body is not JSON that can be read.")
            }
        }
    }

    static func fields(of body: ByteBuffer) throws(AdminRefusal) -> [String: AnyValue] {
        do {
            return try JSONDecoder().decode([String: AnyValue].self, from: Data(body.readableBytesView))
        } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
            throw .invalid([GatewayError.Problem(field: "", reason: "must be a JSON object")])
        } catch {
            throw .badRequest("The body is not JSON.")
        }
    }

    static func unknown(_ names: some Sequence<String>) -> [GatewayError.Problem] {
        names.sorted().map { GatewayError.Problem(field: $0, reason: "is not a known field") }
    }

    /// A value of any type. Properties of other types are nil.
    struct AnyValue: Decodable {
        let integer: Int?
        let string: String?
        let strings: [String]?
        let boolean: Bool?

        var json: JSONValue {
            if let boolean { return .boolean(boolean) }
            if let integer { return .integer(integer) }
            if let string { return .string(string) }
            return .array((self.strings ?? []).map { .string($0) })
        }

        init(from decoder: any Decoder) {
            let container = try? decoder.singleValueContainer()
            self.integer = try? container?.decode(Int.self)
            self.string = try? container?.decode(String.self)
            self.strings = try? container?.decode([String].self)
            self.boolean = try? container?.decode(Bool.self)
        }
    }
}
