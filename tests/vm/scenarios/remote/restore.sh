# Another client, with a token that only reads and no configuration of its own; and what the server has to say.
mkdir "$work/root"
at=(--store "$url" --pin "$pin" --token-file "$tokens/read" --root "$work/root")
ids=$(asl-admin snapshots --json "${at[@]}" | jq --raw-output '.[].snapshot')
check 'two snapshots are sealed' equal "$(wc --words <<<"$ids")" 2
first=$(head --lines=1 <<<"$ids")
check 'both are signed with the domain key that came as a credential' equal "$(ls "$store/signatures" | sort | xargs)" "$(sort <<<"$ids" | xargs)"
check 'without the pin the server is not believed' not asl-admin snapshots --store "$url" --token-file "$tokens/read" --root "$work/root"
check 'verify reads every byte over the network and finds no damage' asl-admin verify --data "${at[@]}"

asl-admin restore "$first" --to "$work/first" "${at[@]}" >"$work/first.log" 2>&1
check 'restoring the first says that something is missing: exit status 3' equal "$?" 3
show cat "$work/first.log"
check 'the image is the disk outside the bad ranges' same_but "$(find "$work/first" -type f)" "$disk_crashed" 45000-45007 90001-90001 100000-100127
check 'restore names exactly the bad ranges' equal "$(grep --only-matching 'bytes [0-9]* to [0-9]*' "$work/first.log" | xargs)" \
    'bytes 23040000 to 23044095 bytes 46080512 to 46081023 bytes 51200000 to 51265535'

check 'the latest, taken in through an outage, is complete' asl-admin restore latest --to "$work/latest" "${at[@]}"
check 'and is the first disk, now with what could not be read before' cmp "$(find "$work/latest" -name virtio-crashed)" "$disk_crashed"
check 'and the second' cmp "$(find "$work/latest" -name virtio-second)" "$disk_second"
check 'nothing is left over in the store' equal "$(asl-admin gc-check "${at[@]}" | sed 's/(.*//' | tr --complement --delete '1-9')" ''

check 'the server logged both seals' equal "$(grep --count --extended-regexp '201 PUT /v1/objects/logs/rescue-domain/seals/0*[12] from' "$server_log")" 2
check 'all of it in one domain' equal "$(ls "$store/logs")" rescue-domain
check 'and warned of nothing but preflight, which asks without a token' equal "$(grep ' WRN ' "$server_log" | grep --invert-match --count --fixed-strings ' WRN 401 GET / from nobody at 127.0.0.1: ASL8002 ')" 0
show cat "$server_log"
