#!/bin/sh
# Verifies a Blackstart pack with openssl, jq and coreutils alone.
#
#   verify.sh [--tsa-certificate FILE] [--allowed-signers FILE] PUBLIC_KEY [attested|development] [PACK]
#
# PUBLIC_KEY  the PEM file of the key you trust, which you did not get from the pack
# class       what the pack must at least be; without it any class passes and is printed
# PACK        the pack's folder; without it the folder of this script
#
# --tsa-certificate  PEM file with the root of the time-stamp authority you trust: then the time stamps are checked, and the
#                    intent must have one. An attested pack rests on them and is refused without this.
# --allowed-signers  file of those who may sign off, as in ssh-keygen(1): then one of them must have, in ../signoffs/<run>/, and
#                    no sign-off may be wrong. Needs ssh-keygen.
#
# Exit 0: every file is what the holder of the key has signed, and nothing was added. Exit 5: refused.
# `blackstart verify` checks more: the journal's chain, the ledger, and the verdict derived again from the raw files.
set -eu
LC_ALL=C
export LC_ALL

refuse() {
  printf 'REFUSED: %s\n' "$1" >&2
  exit 5
}

for tool in openssl jq sha256sum base64 realpath comm sort mktemp date; do
  command -v "$tool" > /dev/null || refuse "$tool is not installed"
done

file_of() {
  path=$(realpath -- "$2") && [ -f "$path" ] || refuse "$1 $2 is not a file"
  printf '%s' "$path"
}

tsa= allowed=
while :; do
  case ${1-} in
    --tsa-certificate) tsa=$(file_of 'the certificate' "${2-}") ;;
    --allowed-signers) allowed=$(file_of 'the list of signers' "${2-}") ;;
    --*) refuse "there is no option $1" ;;
    *) break ;;
  esac
  shift 2
done
[ $# -ge 1 ] || refuse 'no public key was given; get it from the owner of the drills, never from the pack. Usage: verify.sh [--tsa-certificate FILE] [--allowed-signers FILE] PUBLIC_KEY [attested|development] [PACK]'
[ -z "$allowed" ] || command -v ssh-keygen > /dev/null || refuse 'ssh-keygen is not installed, and it is what checks sign-offs'
key=$(file_of 'the public key' "$1")
wanted=${2:-development}
case $wanted in attested | development) ;; *) refuse "the class is attested or development, not $wanted" ;; esac
cd -- "${3:-$(dirname -- "$0")}" || refuse 'the pack is not a folder'
pack=$(pwd -P)
for trusted in "$key" "$tsa" "$allowed"; do
  case $trusted in "$pack"/*) refuse "${trusted#"$pack/"} lies in the pack: whoever changed the pack could have put it there" ;; esac
done
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# One bundle: its shape, then the signature over the DSSE encoding of its payload. Leaves the payload in $work/payload.
check_bundle() {
  [ -f "$1" ] && [ ! -L "$1" ] || refuse "$1 is missing"
  jq -e -s 'length == 1 and (.[0]
    | .mediaType == "application/vnd.dev.sigstore.bundle.v0.3+json"
      and .dsseEnvelope.payloadType == "application/vnd.in-toto+json"
      and (.dsseEnvelope.signatures | length) == 1)' "$1" > /dev/null 2>&1 ||
    refuse "$1 is not a bundle of one in-toto statement with one signature"
  jq -r .dsseEnvelope.payload "$1" | base64 -d > "$work/payload" || refuse "the payload of $1 is not base64"
  jq -r '.dsseEnvelope.signatures[0].sig' "$1" | base64 -d > "$work/signature" || refuse "the signature of $1 is not base64"
  printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$work/payload")" > "$work/signed"
  cat "$work/payload" >> "$work/signed"
  openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/signed" > /dev/null 2>&1 ||
    refuse "the signature of $1 is not one by this key"
  jq -e -s 'length == 1 and .[0]._type == "https://in-toto.io/Statement/v1"' "$work/payload" > /dev/null 2>&1 ||
    refuse "$1 does not hold an in-toto statement"
}

# The time stamp over the signature that check_bundle left, judged as of the time it says. Leaves that in $stamped as seconds; empty
# where there is none.
check_time() {
  stamped=
  jq -e '.verificationMaterial.timestampVerificationData.rfc3161Timestamps // [] | type == "array" and length <= 1' "$1" > /dev/null 2>&1 ||
    refuse "$1 has more than one time stamp"
  token=$(jq -r '.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp // empty' "$1")
  [ -n "$token" ] || return 0
  printf '%s' "$token" | base64 -d > "$work/token" || refuse "the time stamp of $1 is not base64"
  said=$(openssl ts -reply -in "$work/token" -text 2> /dev/null | sed -n 's/^Time stamp: \([A-Z][a-z]* *[0-9]* [0-9:]*\)[0-9.]* \([0-9]* GMT\)$/\1 \2/p')
  [ -n "$said" ] && stamped=$(date -u -d "$said" +%s) || refuse "the time stamp of $1 says no time"
  openssl ts -verify -in "$work/token" -data "$work/signature" -CAfile "$tsa" -attime "$stamped" > /dev/null 2>&1 ||
    refuse "the time stamp of $1 is not one of its signature by this authority"
}

instant() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

# Every sign-off beside the pack is by somebody who is allowed, and there is one.
check_signoffs() {
  case $1 in *[!A-Za-z0-9_@+=,.-]* | .* | -* | '') refuse 'the run has a name that no folder of sign-offs can have' ;; esac
  signers=
  for signoff in "$(dirname -- "$pack")/signoffs/$1"/*.sig; do
    [ -e "$signoff" ] || refuse 'nobody has signed it off'
    [ -f "$signoff" ] || refuse "the sign-off $(basename -- "$signoff") is not a file"
    signer=$(ssh-keygen -Y find-principals -s "$signoff" -f "$allowed" 2> /dev/null | sed -n 1p)
    [ -n "$signer" ] || refuse "the sign-off $(basename -- "$signoff") is by nobody who is allowed"
    ssh-keygen -Y verify -n drill-signoff -f "$allowed" -I "$signer" -s "$signoff" < report.sigstore.json > /dev/null 2>&1 ||
      refuse "the sign-off $(basename -- "$signoff") of $signer does not hold"
    signers="$signers${signers:+, }$signer"
  done
}

# Files below the current folder, one a line; a link or a device is refused.
list_files() {
  for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -L "$path" ]; then
      refuse "$path is a link"
    elif [ -d "$path" ]; then
      list_files "$path"
    elif [ -f "$path" ]; then
      printf '%s\n' "${path#./}"
    elif [ -e "$path" ]; then
      refuse "$path is neither a file nor a folder"
    fi
  done
}

check_bundle intent.sigstore.json
jq -e '.predicateType | IN("https://blackstart.dev/drill-intent/v1", "https://blackstart.dev/drill-intent-development/v1")' \
  "$work/payload" > /dev/null || refuse 'intent.sigstore.json does not state an intent'
intent_run=$(jq -c .predicate.run "$work/payload")
in_bucket=$(jq -r '.predicate.worm.bucket // empty | gsub("[^ -~]"; "?")' "$work/payload")
if [ -n "$tsa" ]; then
  check_time intent.sigstore.json
  [ -n "$stamped" ] || refuse 'the intent has no time stamp'
  intent_stamped=$stamped
  claimed=$(date -u -d "$(jq -r .predicate.signedAt "$work/payload")" +%s) || refuse 'the intent does not say when it was signed'
  off=$((intent_stamped - claimed))
  [ "${off#-}" -le 300 ] || refuse "the time stamp of the intent is $off seconds off the time at which it says it was signed"
fi

# What was signed before the drill and lies in its pack.
check_statement() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  check_bundle "$1"
  jq -e --arg type "https://blackstart.dev/$2" '.predicateType | IN($type + "/v1", $type + "-development/v1")' \
    "$work/payload" > /dev/null || refuse "$1 does not state $3"
}
check_statement raw/selftest.sigstore.json selftest 'a selftest'
check_statement raw/worm-probe.sigstore.json worm-probe 'the probe of a bucket'

check_bundle report.sigstore.json
case $(jq -r .predicateType "$work/payload") in
  https://blackstart.dev/drill-report/v1) class=attested ;;
  https://blackstart.dev/drill-report-development/v1) class=development ;;
  *) refuse 'report.sigstore.json does not state the report of a drill' ;;
esac
jq -e --arg class "$class" '.predicate.class == $class' "$work/payload" > /dev/null || refuse 'the class and the predicate type differ'
[ "$wanted" = development ] || [ "$class" = attested ] || refuse 'this is a development run; an attested one was asked for'
[ "$(jq -c .predicate.run "$work/payload")" = "$intent_run" ] || refuse 'the intent is that of another run'
if [ -n "$tsa" ]; then
  check_time report.sigstore.json
  [ -z "$stamped" ] || [ "$stamped" -ge "$intent_stamped" ] || refuse 'the report was stamped before its intent'
elif [ "$class" = attested ] && [ -n "$in_bucket" ]; then
  refuse "attested evidence rests on the bucket $in_bucket or on a time stamp; this script cannot look into a bucket: blackstart verify --worm"
elif [ "$class" = attested ]; then
  refuse 'attested evidence rests on a time stamp, and no certificate of an authority was given'
fi
[ -z "$allowed" ] || check_signoffs "$(jq -r .predicate.run "$work/payload")"

jq -e '.subject | type == "array" and length > 0 and all(
    (.digest.sha256 | length == 64 and (test("[^0-9a-f]") | not))
    and (.name | (test("[^A-Za-z0-9_@+=,./-]") | not)
      and (split("/") | all(. != "" and . != "." and . != ".." and (startswith("-") | not)))))' \
  "$work/payload" > /dev/null || refuse 'a subject has a name or a digest that no pack can have'
jq -r '.subject[] | .digest.sha256 + "  " + .name' "$work/payload" > "$work/sums"
jq -r '.subject[].name' "$work/payload" | sort > "$work/signed-names"
[ -z "$(uniq -d "$work/signed-names")" ] || refuse 'a subject is named twice'
list_files . > "$work/found"
{ cat "$work/signed-names"; printf '%s\n' report.sigstore.json ledger/checkpoint ledger/proof.json; } | sort > "$work/allowed"
sort "$work/found" > "$work/found-sorted"
added=$(comm -13 "$work/allowed" "$work/found-sorted")
[ -z "$added" ] || refuse "these files were added: $(printf '%s' "$added" | tr -cd '[:print:]\n' | tr '\n' ' ')"
sha256sum --check --strict --quiet "$work/sums" >&2 || refuse 'the files above are missing or not the ones that were signed'

fingerprint=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c 1-64)
jq -ac '.predicate | {run, class, verdict: .result.verdict, scenario: .scenario.id}' "$work/payload"
if [ -z "$tsa" ]; then
  printf 'not checked: time stamps; no --tsa-certificate was given\n'
else
  printf 'intent stamped %s, report %s\n' "$(instant "$intent_stamped")" "$([ -n "$stamped" ] && instant "$stamped" || printf 'not at all')"
fi
[ -z "$in_bucket" ] || printf 'not checked: what the bucket %s keeps; blackstart verify --worm looks\n' "$in_bucket"
if [ -z "$allowed" ]; then
  printf 'not checked: sign-offs; no --allowed-signers was given\n'
else
  printf 'signed off by %s\n' "$signers"
fi
printf 'VERIFIED: signature by %s, %d files, class %s\n' "$fingerprint" "$(wc -l < "$work/signed-names")" "$class"
