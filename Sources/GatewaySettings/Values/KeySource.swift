import GatewayHTTP

/// The key that groups requests: `"client_ip"`, `"header:X-Tenant"`, or a list of parts that are joined.
public struct KeySource: Hashable {
    public enum Part: Hashable, Sendable {
        case clientIP
        case header(String)
        case cookie(String)
        /// The subject of the client's certificate.
        case clientCertificateSubject
        /// Who calls, whatever the kind of credential.
        case consumer
        /// Whose API key it is.
        case apiKey
        /// A claim of the token, by name or path.
        case claim(String)
        case route
        case global
    }

    /// The kinds of credentials that tell the parts of the key, each as `auth.any` names it. An empty list stands for
    /// any kind, nil for a key that does not depend on who calls.
    package var credentials: [String]? {
        var kinds: [String]?
        for part in self.parts {
            switch part {
            case .consumer: kinds = kinds ?? []
            case .apiKey: kinds = (kinds ?? []) + ["api_key"]
            case .claim: kinds = (kinds ?? []) + ["jwt"]
            case .clientIP, .header, .cookie, .clientCertificateSubject, .route, .global: break
            }
        }
        return kinds
    }

    /// At least one.
    public var parts: [Part]

    public init(_ parts: Part...) { self.parts = parts }
}

extension KeySource: Setting {
    public static var shape: SettingShape {
        let forms =
            "client_ip, consumer, api_key, jwt:CLAIM, header:NAME, cookie:NAME, client_cert.subject, route, global"
        let part: SettingValue = [
            "type": "string",
            "pattern": "^(client_ip|consumer|api_key|client_cert\\.subject|route|global|(jwt|header|cookie):.+)$",
            "description": .string(forms),
        ]
        return .other(
            "key (`\"client_ip\"`, `\"consumer\"`, `\"api_key\"`, `\"jwt:CLAIM\"`, `\"header:NAME\"`, "
                + "`\"cookie:NAME\"`, `\"client_cert.subject\"`, `\"route\"`, `\"global\"`) or list of keys",
            schema: ["anyOf": [part, ["type": "array", "items": part, "minItems": 1]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string(let text):
            parts = [try Self.part(text)]
        case .list(let values) where !values.isEmpty:
            var parts: [Part] = []
            for value in values {
                guard case .string(let text) = value else { throw Self.notAKey }
                parts.append(try Self.part(text))
            }
            self.parts = parts
        default:
            throw Self.notAKey
        }
    }

    public var settingValue: SettingValue {
        parts.count == 1 ? .string(Self.text(parts[0])) : .list(parts.map { .string(Self.text($0)) })
    }

    private static func part(_ text: String) throws(SettingError) -> Part {
        switch text {
        case "client_ip": return .clientIP
        case "client_cert.subject": return .clientCertificateSubject
        case "route": return .route
        case "global": return .global
        case "consumer": return .consumer
        case "api_key": return .apiKey
        default:
            let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if pieces.count == 2, pieces[0] == "jwt" {
                guard !pieces[1].isEmpty else {
                    throw SettingError("does not name a claim", suggestion: "write \"jwt:sub\"")
                }
                return .claim(String(pieces[1]))
            }
            guard pieces.count == 2, ["header", "cookie"].contains(pieces[0]) else { throw notAKey }
            guard FieldName.isToken(pieces[1]) else {
                throw SettingError(
                    "does not name a \(pieces[0])",
                    suggestion: "write \"\(pieces[0]):\(pieces[0] == "header" ? "X-Api-Key" : "session")\""
                )
            }
            return pieces[0] == "header" ? .header(String(pieces[1])) : .cookie(String(pieces[1]))
        }
    }

    private static func text(_ part: Part) -> String {
        switch part {
        case .clientIP: "client_ip"
        case .header(let name): "header:" + name
        case .cookie(let name): "cookie:" + name
        case .clientCertificateSubject: "client_cert.subject"
        case .consumer: "consumer"
        case .apiKey: "api_key"
        case .claim(let name): "jwt:" + name
        case .route: "route"
        case .global: "global"
        }
    }

    private static var notAKey: SettingError {
        SettingError(
            "is not a key",
            suggestion:
                "write \"client_ip\", \"consumer\", \"api_key\", \"client_cert.subject\", \"route\", \"global\", "
                + "\"jwt:CLAIM\", \"header:NAME\" or \"cookie:NAME\""
        )
    }
}

/// The grammar of field names and methods.
enum FieldName {
    /// `token` of RFC 9110 section 5.6.2.
    static func isToken(_ text: some StringProtocol) -> Bool { ByteClass.isToken(text.utf8) }
}
