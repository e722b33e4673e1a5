import GatewayCore
import GatewaySettings

/// What a credential must have to use a route.
struct AuthRequirements {
    private enum Subject {
        case scope, consumer, plan
        /// A claim, as the path of its name.
        case claim(ClaimPath)
    }

    private let requirements: [(subject: Subject, values: [String])]
    /// The words of a required scope, as a challenge names them (RFC 6750 section 3).
    let scope: String

    var isEmpty: Bool { self.requirements.isEmpty }

    init(_ written: [String: RequiredValues], in context: inout BuildContext) {
        var requirements: [(Subject, [String])] = []
        var scope = ""
        for (name, required) in written.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "scope":
                let words = required.values.flatMap { $0.split(separator: " ").map(String.init) }
                scope = words.joined(separator: " ")
                requirements.append((.scope, words))
            case "consumer": requirements.append((.consumer, required.values))
            case "plan": requirements.append((.plan, required.values))
            case _ where name.hasPrefix("jwt.") && name.utf8.count > 4:
                requirements.append((.claim(ClaimPath(String(name.dropFirst(4)))), required.values))
            default:
                context.fail(
                    "\(JSONText.quoted(name)) is nothing that a credential has",
                    suggestion: "write scope, consumer, plan, or \"jwt.NAME\" for a claim",
                    at: ["require", name],
                    isInName: true
                )
            }
        }
        self.requirements = requirements
        self.scope = scope
    }

    enum OnCheck {
        case met
        case lacking(StaticString)
    }

    /// Compares byte by byte, not as Swift compares text: `é` has two spellings.
    private static func contains(_ text: String, in values: [String]) -> Bool {
        values.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    func check(_ caller: Caller) -> OnCheck {
        for (subject, values) in self.requirements {
            switch subject {
            case .scope: if !values.allSatisfy({ Self.contains($0, in: caller.scope) }) { return .lacking("scope") }
            case .consumer: if !Self.contains(caller.name, in: values) { return .lacking("consumer") }
            case .plan: if !values.contains(caller.plan ?? Caller.usualPlan) { return .lacking("plan") }
            case .claim(let path): if !path.contains(oneOf: values, in: caller.claims) { return .lacking("claim") }
            }
        }
        return .met
    }
}
