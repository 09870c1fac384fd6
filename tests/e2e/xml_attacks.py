"""XML that was written to harm its reader, and XML that is only nearly XML: name, bytes, and the code it must be refused with."""

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPEN = '<ClinicalDocument xmlns="urn:hl7-org:v3">'
DOCUMENT = HEAD + OPEN + "<title>x</title></ClinicalDocument>"


def lol(levels=10):
    lines = ['<!ENTITY lol "lol">'] + [f'<!ENTITY lol{i} "{("&lol" + (str(i - 1) if i > 1 else "") + ";") * 10}">' for i in range(1, levels)]
    return HEAD + "<!DOCTYPE lolz [\n" + "\n".join(lines) + f"\n]>\n<lolz>&lol{levels - 1};</lolz>"


def attacks():
    long = "x" * 1_000_000
    yield "billion laughs", lol(), "R142"
    yield "quadratic blow-up", HEAD + f'<!DOCTYPE a [<!ENTITY b "{long}">]><a>{"&b;" * 50_000}</a>', "R142"
    yield "parameter entities", HEAD + '<!DOCTYPE a [<!ENTITY % b "<!ENTITY c SYSTEM \'file:///etc/hostname\'>">%b;]><a>&c;</a>', "R142"
    yield "external entity", HEAD + '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>', "R142"
    yield "external subset", HEAD + '<!DOCTYPE a SYSTEM "http://localhost:1/a.dtd"><a/>', "R142"
    yield "public doctype", HEAD + '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://localhost:1/x.dtd"><html/>', "R142"
    yield "empty doctype", HEAD + "<!DOCTYPE a><a/>", "R142"
    yield "doctype behind a comment", HEAD + f"<!-- {long} --><!DOCTYPE a []><a/>", "R142"
    yield "doctype in UTF-16", ("\ufeff" + '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>').encode("utf-16-le"), "R142"
    yield "doctype behind the root", HEAD + "<a/><!DOCTYPE a>", "R142"
    yield "200,000 attributes", HEAD + "<a " + " ".join(f'b{i}="1"' for i in range(200_000)) + "/>", "R150"
    yield "200,000 declarations", HEAD + "<a " + " ".join(f'xmlns:b{i}="u{i}"' for i in range(200_000)) + "/>", "R150"
    yield "5,000,000 nested elements", HEAD + "<a>" * 5_000_000, "R149"
    yield "5,000,000 nested and closed", HEAD + "<a>" * 5_000_000 + "</a>" * 5_000_000, "R149"
    yield "a name of 10 MB", HEAD + "<" + "a" * 10_000_000 + ">", "R141"
    yield "an attribute of 10 MB that does not end", HEAD + '<a b="' + "c" * 10_000_000, "R141"
    yield "a comment that does not end", HEAD + "<a><!--" + long * 10, "R141"
    yield "a million comments", HEAD + "<!---->\n" * 1_000_000, "R141"
    yield "a million empty CDATA sections", HEAD + "<a>" + "<![CDATA[]]>" * 1_000_000, "R141"
    yield "duplicate attribute", HEAD + OPEN + '<id root="1" root="2"/></ClinicalDocument>', "R144"
    yield "duplicate attribute by two prefixes", HEAD + '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', "R144"
    yield "undefined entity", HEAD + OPEN + "<title>&nbsp;</title></ClinicalDocument>", "R143"
    yield "undefined entity in an attribute", HEAD + OPEN + '<title a="&eacute;"/></ClinicalDocument>', "R143"
    yield "reference to NUL", HEAD + OPEN + "<title>&#0;</title></ClinicalDocument>", "R147"
    yield "bare ampersand", HEAD + OPEN + "<title>a & b</title></ClinicalDocument>", "R140"
    yield "bad UTF-8", (HEAD + OPEN + "<title>").encode() + b"\xc3(" + b"</title></ClinicalDocument>", "R011"
    yield "overlong UTF-8", (HEAD + OPEN + "<title>").encode() + b"\xc0\xbc" + b"</title></ClinicalDocument>", "R011"
    yield "a surrogate in UTF-8", (HEAD + OPEN + "<title>").encode() + b"\xed\xa0\x80" + b"</title></ClinicalDocument>", "R011"
    yield "two roots", DOCUMENT + OPEN + "</ClinicalDocument>", "R146"
    yield "two documents in a row", DOCUMENT + "\n" + DOCUMENT, "R146"
    yield "text behind the root", DOCUMENT + "x", "R146"
    yield "text before the root", HEAD + "x" + OPEN + "</ClinicalDocument>", "R140"
    yield "truncated UTF-16", ("\ufeff" + DOCUMENT.replace("UTF-8", "UTF-16")).encode("utf-16-le")[:-3], "R011"
    yield "UTF-16 cut between elements", ("\ufeff" + DOCUMENT.replace("UTF-8", "UTF-16")).encode("utf-16-le")[:-40], "R141"
    yield "trailing NUL", DOCUMENT.encode() + b"\0", "R147"
    yield "NUL inside", DOCUMENT.replace("x</title>", "\0</title>").encode(), "R147"
    yield "control character", DOCUMENT.replace("x</title>", "\x08</title>"), "R147"
    yield "U+FFFF", DOCUMENT.replace("x</title>", "\uffff</title>"), "R147"
    yield "cut inside a tag", DOCUMENT[:-5], "R141"
    yield "cut inside the document", DOCUMENT[:-20], "R141"
    yield "tags that do not match", HEAD + OPEN + "<title></name></ClinicalDocument>", "R145"
    yield "unbound prefix", HEAD + OPEN + '<value xsi:type="PQ"/></ClinicalDocument>', "R148"
    yield "unknown encoding", '<?xml version="1.0" encoding="x-klingon"?><a/>', "R151"
    yield "an encoding that is a path", '<?xml version="1.0" encoding="../../etc/hostname"?><a/>', "R151"
    yield "EUC-KR with a byte that is none", '<?xml version="1.0" encoding="euc-kr"?><a>'.encode() + b"\xff" + b"</a>", "R011"
    yield "]]> in text", HEAD + OPEN + "<title>]]></title></ClinicalDocument>", "R140"
    yield "no root", HEAD + "<!-- nothing -->", "R141"
    yield "no document", HEAD + "<section/>", "R152"


def all_attacks():
    return [(name, data.encode() if isinstance(data, str) else data, code) for name, data, code in attacks()]
