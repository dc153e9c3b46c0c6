look_again
check 'state lies on the stick' equal "$(findmnt --noheadings --output=SOURCE /var/lib/asl)" /dev/vdc
check 'preflight sees it there' equal "$(fact state.writable) $(fact state.apart)" 'yes yes'
note "$(facts state.place)"
check 'intake asks' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'it takes in' await 150 Ingesting
echo "run $(field .run)"
mkdir --parents /var/lib/asl/cache
field .run >/var/lib/asl/cache/run
sync
# The power goes.
touch /run/vmtest/poweroff-hard
