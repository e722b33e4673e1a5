/// What `=~` compares a label with: alternatives separated by `|`, of which one matches the whole value. `.` matches any
/// character, `.*` any text, `.+` any text but none, and a backslash makes the next character literal.
///
/// A subset of regular expressions, so that the time to match has a bound: the length of the value times that of the
/// pattern.
package struct LabelPattern: Hashable, Sendable {
    enum Atom: Hashable, Sendable {
        case character(Unicode.Scalar)
        case anyCharacter
        case anyText
    }

    let alternatives: [[Atom]]
    /// The alternatives that match one value only.
    package let literals: [String]

    /// The reason why a pattern is rejected.
    struct Mistake: Error {
        let problem: String
        let suggestion: String
    }

    init(_ text: String) throws(Mistake) {
        var alternatives: [[Atom]] = []
        var atoms: [Atom] = []
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "|":
                alternatives.append(atoms)
                atoms = []
            case ".":
                if scalars.first == "*" || scalars.first == "+" {
                    if scalars.popFirst() == "+" { atoms.append(.anyCharacter) }
                    if atoms.last != .anyText { atoms.append(.anyText) }
                } else {
                    atoms.append(.anyCharacter)
                }
            case "\\":
                guard let literal = scalars.popFirst() else {
                    throw Mistake(problem: "the pattern ends in a backslash", suggestion: "write \\\\ for a backslash")
                }
                // Classes such as \d would otherwise match a letter without anybody noticing.
                if literal.properties.isAlphabetic || literal.properties.numericType != nil {
                    throw Mistake(
                        problem: "\\\(literal) is not supported in patterns",
                        suggestion: "use literal text, . or .*"
                    )
                }
                atoms.append(.character(literal))
            case "*", "+":
                throw Mistake(
                    problem: "\(scalar) has no \".\" before it",
                    suggestion: "write .\(scalar) for any text, or \\\(scalar) for the character"
                )
            case "?", "[", "]", "(", ")", "{", "}", "^", "$":
                throw Mistake(
                    problem: "\(scalar) is not supported in patterns, which match the whole value",
                    suggestion: "use a|b and .*, or write \\\(scalar) for the character"
                )
            default: atoms.append(.character(scalar))
            }
        }
        alternatives.append(atoms)
        self.alternatives = alternatives
        self.literals = alternatives.compactMap { atoms in
            var literal = String.UnicodeScalarView()
            for atom in atoms {
                guard case .character(let scalar) = atom else { return nil }
                literal.append(scalar)
            }
            return String(literal)
        }
    }

    package func matches(_ value: String) -> Bool {
        let value = Array(value.unicodeScalars)
        return self.alternatives.contains { Self.matches(value, $0) }
    }

    /// Remembers the last `.*` only: an earlier one never has to match more once a later one was reached.
    private static func matches(_ value: [Unicode.Scalar], _ atoms: [Atom]) -> Bool {
        var (place, atom) = (0, 0)
        var retry: (place: Int, atom: Int)?
        while place < value.count {
            if atom < atoms.count, atoms[atom] == .anyText {
                atom += 1
                retry = (place, atom)
            } else if atom < atoms.count, atoms[atom] == .anyCharacter || atoms[atom] == .character(value[place]) {
                place += 1
                atom += 1
            } else if let last = retry {
                retry?.place += 1
                (place, atom) = (last.place + 1, last.atom)
            } else {
                return false
            }
        }
        return atoms[atom...].allSatisfy { $0 == .anyText }
    }
}
